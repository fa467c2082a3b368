"""Two means compared: their difference, or that as a share of control's mean."""

import math
from typing import Literal

from app.stats.estimate import Alternative, Asked, Estimate, estimate_of
from app.stats.sample import Sample

Method = Literal["welch", "pooled", "normal"]


def compare_means(
    control: Sample,
    treatment: Sample,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: Method = "welch",
    null: float = 0.0,
) -> Estimate:
    """Test the difference of two means, `m₂ - m₁`, of any samples: means, proportions, ratios, adjusted ones.

    `welch`: error² = s₁²/n₁ + s₂²/n₂, Student's t with the degrees of Welch (1947) and Satterthwaite (1946).
    `pooled`: one variance for both, `((n₁-1)s₁² + (n₂-1)s₂²) / (n₁+n₂-2)`, Student's t with n₁+n₂-2 degrees.
    `normal`: Welch's error, normal distribution (for ratios: Deng, Knoblich and Lu 2018).
    """
    asked = Asked(alpha=alpha, alternative=alternative, null=null)
    one, other = control.squared_error, treatment.squared_error
    value = treatment.mean - control.mean if control.mean is not None and treatment.mean is not None else None
    if one is None or other is None:
        return estimate_of(value, None, asked)
    if method == "pooled":
        return estimate_of(value, _pooled(control, treatment), asked, control.units + treatment.units - 2)
    return estimate_of(value, one + other, asked, _degrees(control, treatment, method))


def compare_relative(
    control: Sample,
    treatment: Sample,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: Literal["welch", "normal"] = "welch",
    null: float = 0.0,
) -> Estimate:
    """Test the relative difference of two means, `(m₂ - m₁) / m₁`, by the delta method.

    `error² = s₂²/(m₁² n₂) + s₁² m₂²/(m₁⁴ n₁)`, with the degrees of the absolute difference (as GrowthBook's
    engine has it). Where control's mean is 0 nothing is a share of it: no figure.
    Of adjusted means the lift L is a share of control's mean w as it was counted; with s_w² being control's
    variance as counted and c its covariance with the adjusted mean,
    `error² = (s₂²/n₂ + (s₁² + 2 L c + L² s_w²)/n₁) / w²`.
    Source: Deng, Knoblich and Lu, Applying the Delta Method in Metric Analytics (KDD 2018), section 3.1; for
    adjusted means GrowthBook's technical details of CUPED.
    """
    asked = Asked(alpha=alpha, alternative=alternative, null=null)
    return estimate_of(*relative_of(control, treatment), asked, _degrees(control, treatment, method))


def relative_of(control: Sample, treatment: Sample) -> tuple[float | None, float | None]:
    """Answer the relative difference and its squared error; None for what has no figure."""
    whole = control.whole
    if not whole or control.mean is None or treatment.mean is None:
        return None, None
    lift = (treatment.mean - control.mean) / whole
    one, other = control.squared_error, treatment.squared_error
    if one is None or other is None:
        return lift, None
    if control.baseline is None:
        ratio = treatment.mean / whole
        return lift, (other + one * ratio * ratio) / whole / whole
    more = lift * (2 * control.baseline.covariance + lift * control.baseline.variance) / control.units
    return lift, (other + one + more) / whole / whole


def _pooled(control: Sample, treatment: Sample) -> float | None:
    n, m = control.units, treatment.units
    if control.variance is None or treatment.variance is None or not n + m - 2 > 0:
        return None
    variance = ((n - 1) * control.variance + (m - 1) * treatment.variance) / (n + m - 2)
    return variance / n + variance / m


def _degrees(control: Sample, treatment: Sample, method: Method) -> float:
    """Answer `(a + b)² / (a²/(n₁-1) + b²/(n₂-1))` with a = s₁²/n₁ and b = s₂²/n₂, by shares of a + b."""
    a, b = control.squared_error, treatment.squared_error
    if method == "normal" or not a or not b or min(control.units, treatment.units) <= 1:
        return _degrees_of_one(control, treatment, method)
    share = a / (a + b)
    return 1 / (share * share / (control.units - 1) + (1 - share) * (1 - share) / (treatment.units - 1))


def _degrees_of_one(control: Sample, treatment: Sample, method: Method) -> float:
    """Where only one side varies, its n - 1 are the degrees."""
    if method == "normal":
        return math.inf
    return max(0, (control if control.squared_error else treatment).units - 1)
