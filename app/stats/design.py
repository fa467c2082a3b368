"""What a planned comparison promises, checked once for all that figure with it."""

import math
from collections.abc import Callable

import msgspec


class Design(msgspec.Struct, frozen=True):
    """A two-sided test at `alpha` that shall find a difference with chance `power`.

    `ratio` is how many units treatment has for each one of control. For a one-sided test give 2 alpha.
    """

    alpha: float = 0.05
    power: float = 0.8
    ratio: float = 1.0


USUAL = Design()


def check_design(design: Design) -> None:
    """Refuse what cannot be planned.

    Raises:
        ValueError: alpha is not within 0 and 1, power not within alpha / 2 and 1, or the ratio not above 0.

    """
    if not 0 < design.alpha < 1:
        raise ValueError(f"alpha must be within 0 and 1, not {design.alpha}")
    if not design.alpha / 2 < design.power < 1:
        raise ValueError(f"power must be within alpha / 2 and 1, not {design.power}")
    if not 0 < design.ratio < math.inf:
        raise ValueError(f"the ratio must be above 0, not {design.ratio}")


def least(reaches: Callable[[float], bool], start: float, limit: float) -> float:
    """Find the least x above start for which something holds that then holds for ever; at most the limit.

    Doubles the distance until it holds, and halves the doubt until no float lies between.
    """
    low, step = start, 1.0 if start >= 1 else 1e-9
    while start + step < limit and not reaches(start + step):
        low, step = start + step, 2 * step
    high = min(start + step, limit)
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high
