"""Asymptotic confidence sequences: intervals and p-values that hold however often one looks."""

import math

from app.stats.estimate import Estimate
from app.stats.means import compare_means, relative_of
from app.stats.sample import Sample

# As GrowthBook's engine has it where nobody says otherwise.
N_STAR = 5_000


def compare_always_valid(
    control: Sample, treatment: Sample, *, alpha: float = 0.05, n_star: float = N_STAR, relative: bool = False
) -> Estimate:
    """Test the difference of two means, or as a share of control's, at every look with one alpha for all.

    With v = (n₁ + n₂) ρ² and the difference's error as for a fixed size, the interval is
    `d ± error √(2(v + 1)/v · ln(√(v + 1)/α))`, and the p-value `√(v + 1) exp(-z² v/(2(v + 1)))`, at most 1.
    The chance that the p-value ever falls below any level is at most that level, as the units grow many; it
    may be reported as the least one so far. `n_star` is the number of units at which the interval is tightest
    (see `rho_squared`): chosen before the first look, and kept.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic
    confidence sequences (Annals of Statistics 2024), theorem 2.2 and appendix B.2; units as in GrowthBook.
    """
    if relative:
        value, squared = relative_of(control, treatment)
    else:
        plain = compare_means(control, treatment, method="normal")
        value, squared = plain.value, plain.error * plain.error if plain.error is not None else None
    if value is None or not math.isfinite(value):
        return Estimate()
    if squared is None or not 0 < squared < math.inf or not 0 < alpha < 1 or not 1 <= n_star < math.inf:
        return Estimate(value=value)
    error, units = math.sqrt(squared), control.units + treatment.units
    reach = error * reach_of(units, alpha=alpha, n_star=n_star)
    return Estimate(
        value=value,
        error=error,
        interval=(value - reach, value + reach),
        p_value=_p_value(value / error, units * rho_squared(alpha, n_star)),
        statistic=value / error,
    )


def reach_of(units: float, *, alpha: float, n_star: float) -> float:
    """Answer how many standard errors the interval reaches to each side, with so many units in both arms."""
    v = units * rho_squared(alpha, n_star)
    if not v > 0:
        return math.inf
    return math.sqrt(2 * (1 + 1 / v) * (math.log1p(v) / 2 - math.log(alpha)))


def rho_squared(alpha: float, n_star: float) -> float:
    """Tune the mixture so that the interval is tightest at n_star units.

    `ρ² = (-2 ln α + ln(1 - 2 ln α)) / n*`. Source: Waudby-Smith et al. (2024), appendix B.2.
    """
    twice = -2 * math.log(alpha)
    return (twice + math.log1p(twice)) / n_star


def _p_value(z: float, v: float) -> float:
    return min(1.0, math.exp(math.log1p(v) / 2 - z * z * v / (2 * (v + 1))))
