"""Planning for conversions: power, sample size and the least effect that is found."""

import math

from app.stats.design import USUAL, Design, check_design, least
from app.stats.distributions import normal_cdf, normal_quantile


def power_of_proportions(n: float, p1: float, p2: float, *, design: Design = USUAL) -> float:
    """Answer how likely n units in control (ratio × n in treatment) show that p₂ is not p₁.

    `Φ((|p₂ - p₁| - z_{1-α/2} e₀) / e₁)`, with the error under the null `e₀² = p̄(1 - p̄)(1/n₁ + 1/n₂)`, p̄
    of both together, and `e₁² = p₁(1 - p₁)/n₁ + p₂(1 - p₂)/n₂`; the far tail is left out. The design's own
    power plays no part.
    Source: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (3rd edition), chapter 4;
    R's power.prop.test.

    Raises:
        ValueError: n is not above 0, a proportion not within 0 and 1, or the design none.

    """
    check_design(design)
    null, other = _deviations(p1, p2, design.ratio)
    if not 0 < n < math.inf:
        raise ValueError(f"n must be above 0, not {n}")
    distance = math.sqrt(n) * abs(p2 - p1) + normal_quantile(design.alpha / 2) * null
    # Two certain proportions that differ leave nothing to chance.
    return normal_cdf(distance / other) if other else float(distance > 0)


def size_for_proportions(p1: float, p2: float, *, design: Design = USUAL) -> float:
    """Answer how many units control needs (treatment: ratio times as many), as a real number to round up.

    `n = ((z_{1-α/2} s₀ + z_{power} s₁) / (p₂ - p₁))²`, s being the errors of one unit (see
    `power_of_proportions`). In total, (1 + ratio) n. Source: as there.

    Raises:
        ValueError: the proportions are the same or not within 0 and 1, or the design is none.

    """
    check_design(design)
    null, other = _deviations(p1, p2, design.ratio)
    if p1 == p2:
        raise ValueError(f"no number of units tells {p1} from itself")
    reach = -normal_quantile(design.alpha / 2) * null + normal_quantile(design.power) * other
    root = max(0.0, reach) / (p2 - p1)
    return root * root


def effect_on_proportion(
    n: float, p1: float, *, design: Design = USUAL, upwards: bool = True
) -> float | None:
    """Answer the least difference from p₁ that n units in control find with the design's power.

    In the direction asked for, always positive; None where not even the end of the range is far enough.
    Source: `power_of_proportions`, solved for p₂.

    Raises:
        ValueError: as for `power_of_proportions`.

    """
    sign = 1 if upwards else -1

    def reaches(effect: float) -> bool:
        return power_of_proportions(n, p1, _within(p1 + sign * effect), design=design) >= design.power

    room = 1 - p1 if upwards else p1
    return least(reaches, 0.0, room) if reaches(room) else None


def _deviations(p1: float, p2: float, ratio: float) -> tuple[float, float]:
    """Answer what one unit of control adds to the error: under the null, and under the alternative."""
    if not (0 <= p1 <= 1 and 0 <= p2 <= 1):
        raise ValueError(f"proportions must be within 0 and 1, not {p1} and {p2}")
    pooled = (p1 + ratio * p2) / (1 + ratio)
    null = math.sqrt(max(0.0, pooled * (1 - pooled)) * (1 + 1 / ratio))
    return null, math.sqrt(p1 * (1 - p1) + p2 * (1 - p2) / ratio)


def _within(p: float) -> float:
    return min(1.0, max(0.0, p))
