"""Two proportions compared: how far apart they are, and how surprising that is if they are the same."""

import math

import msgspec

from app.stats.aggregates import Aggregate
from app.stats.estimate import Alternative, Estimate, p_value_of
from app.stats.means import compare_means
from app.stats.sample import proportion_of


def compare_proportions(
    control: Aggregate, treatment: Aggregate, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> Estimate:
    """Compare the shares of units with x = 1, where each unit's x is 0 or 1.

    The test pools both sides: `z = d / √(p(1 - p)(1/n₁ + 1/n₂))`, with p the proportion of both together;
    where nobody or everybody converted, nothing is surprising and the p-value is 1. The interval (Wald's)
    and `error` do not pool: `d ± z √(p₁(1 - p₁)/n₁ + p₂(1 - p₂)/n₂)`; where both proportions are 0 or 1
    this would claim a certainty that nobody has, and there is none.

    Source: Moore, McCabe and Craig, Introduction to the Practice of Statistics, chapter 8 (large samples, no
    correction for continuity).
    """
    samples = proportion_of(control), proportion_of(treatment)
    found = compare_means(*samples, alpha=alpha, alternative=alternative, method="normal")
    both = proportion_of(control.merge(treatment)).variance
    if found.value is None or both is None or any(sample.variance is None for sample in samples):
        return found
    error = math.sqrt(both * (1 / control.units + 1 / treatment.units))
    statistic = found.value / error if error else None
    p_value = p_value_of(statistic, alternative) if statistic is not None else 1.0
    return msgspec.structs.replace(found, statistic=statistic, p_value=p_value)
