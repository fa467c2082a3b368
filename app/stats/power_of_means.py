"""Planning for means: power, sample size and the least effect that is found."""

import math

from app.stats.design import USUAL, Design, check_design, least
from app.stats.distributions import shifted_student_tail, student_quantile

# No plan is for fewer or more units than this, and none finds its effect only at so many deviations.
_LEAST, _MOST = 2.0, 1e15


def power_of_means(n: float, effect: float, deviation: float, *, design: Design = USUAL) -> float:
    """Answer how likely n units in control (ratio × n in treatment) show a difference of `effect`.

    `deviation` is the standard deviation of one unit, the same in both arms. The power of the pooled
    two-sided t test, the far tail left out: the noncentral t with n₁ + n₂ - 2 degrees and the noncentrality
    `|effect| / (deviation √(1/n₁ + 1/n₂))`, beyond `t_{1-α/2}`. The design's own power plays no part.
    Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 2; R's power.t.test.

    Raises:
        ValueError: both arms together have not more than 2 units, the deviation is not above 0, the effect is
            no number, or the design none.

    """
    check_design(design)
    degrees = n * (1 + design.ratio) - 2
    if not n > 0 or not 0 < degrees < math.inf:
        raise ValueError(f"both arms together must have more than 2 units: n = {n}")
    if not 0 < deviation < math.inf or not math.isfinite(effect):
        raise ValueError(f"the deviation must be above 0 and the effect a number: {deviation}, {effect}")
    shift = abs(effect) / deviation / math.sqrt((1 + 1 / design.ratio) / n)
    return shifted_student_tail(-student_quantile(design.alpha / 2, degrees), degrees, shift)


def size_for_means(effect: float, deviation: float, *, design: Design = USUAL) -> float:
    """Answer how many units control needs (treatment: ratio times as many), as a real number to round up.

    At least 2, since one unit has no deviation. In total, (1 + ratio) n.
    Source: `power_of_means`, solved for n.

    Raises:
        ValueError: the effect is 0 or so small that no number of units up to 10¹⁵ finds it; or as there.

    """

    def reaches(n: float) -> bool:
        return power_of_means(n, effect, deviation, design=design) >= design.power

    if not reaches(_MOST):
        raise ValueError(f"no number of units up to {_MOST:g} finds an effect of {effect}")
    return _LEAST if reaches(_LEAST) else least(reaches, _LEAST, _MOST)


def effect_on_mean(n: float, deviation: float, *, design: Design = USUAL) -> float:
    """Answer the least difference that n units in control find with the design's power.

    Source: `power_of_means`, solved for the effect.

    Raises:
        ValueError: as for `power_of_means`.

    """

    def reaches(effect: float) -> bool:
        return power_of_means(n, effect * deviation, deviation, design=design) >= design.power

    return least(reaches, 0.0, _MOST) * deviation
