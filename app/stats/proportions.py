"""Two proportions compared: how far apart they are, and how surprising that is if they are the same."""

from math import erfc, sqrt
from statistics import NormalDist

import msgspec

from app.stats.aggregates import Aggregate
from app.stats.difference import Difference, difference_of

_NORMAL = NormalDist()


def compare_proportions(control: Aggregate, treatment: Aggregate, *, alpha: float) -> Difference:
    """Compare the shares of units with x = 1, where each unit's x is 0 or 1.

    Source: Moore, McCabe and Craig, Introduction to the Practice of Statistics, chapter 8 (large samples, no
    correction for continuity). The test pools both sides, the interval (Wald's) does not.
    """
    difference = difference_of(control, treatment)
    if difference.absolute is None:
        return difference
    reach = _reach(control, treatment, alpha)
    return msgspec.structs.replace(
        difference,
        interval=(difference.absolute - reach, difference.absolute + reach) if reach else None,
        p_value=_pooled_p_value(control, treatment, difference.absolute),
    )


def _pooled_p_value(control: Aggregate, treatment: Aggregate, difference: float) -> float:
    """Answer `2(1 - Φ(|d| / √(p(1 - p)(1/n₁ + 1/n₂))))`, with p the proportion of both sides together.

    Where nobody or everybody converted, the sides are the same and nothing is surprising: 1.
    """
    error = sqrt(_variance(control.merge(treatment)) * (1 / control.units + 1 / treatment.units))
    return erfc(abs(difference) / error / sqrt(2)) if error else 1.0


def _reach(control: Aggregate, treatment: Aggregate, alpha: float) -> float | None:
    """Answer `z √(p₁(1 - p₁)/n₁ + p₂(1 - p₂)/n₂)`, half the width of the interval.

    Where both proportions are 0 or 1 this would be 0, and claim a certainty that nobody has: None. The same
    for an alpha that is no probability between 0 and 1.
    """
    squared = _variance(control) / control.units + _variance(treatment) / treatment.units
    if not squared or not 0 < alpha / 2 < 1 / 2:
        return None
    return -_NORMAL.inv_cdf(alpha / 2) * sqrt(squared)


def _variance(side: Aggregate) -> float:
    share = side.total / side.units
    return share * (1 - share)
