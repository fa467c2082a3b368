"""Two arms compared in every way at once."""

from collections.abc import Iterator, Mapping

import numpy as np

from app.stats.aggregates import Aggregate
from app.stats.cuped import adjust_means, adjust_ratios
from app.stats.estimate import Estimate
from app.stats.joint import JointAggregate
from app.stats.means import compare_means, compare_relative
from app.stats.proportions import compare_proportions
from app.stats.sample import mean_of, ratio_of

ALPHA = 0.05


def compare(value: list[JointAggregate], ratio: list[JointAggregate]) -> Mapping[str, Estimate]:
    """Compare two arms: `value` holds each one's (value, before), `ratio` its four values of a ratio."""
    plain = [mean_of(single(joint)) for joint in value]
    shares = [ratio_of(joint) for joint in ratio]
    means, ratios = adjust_means(*value), adjust_ratios(*ratio)
    return {
        "Welch": compare_means(plain[0], plain[1], alpha=ALPHA),
        "relative lift": compare_relative(plain[0], plain[1], alpha=ALPHA),
        "ratio": compare_means(shares[0], shares[1], alpha=ALPHA, method="normal"),
        "CUPED": compare_means(means.control, means.treatment, alpha=ALPHA),
        "CUPED, relative lift": compare_relative(means.control, means.treatment, alpha=ALPHA),
        "CUPED, ratio": compare_means(ratios.control, ratios.treatment, alpha=ALPHA, method="normal"),
    }


def conversions(
    rng: np.random.Generator, runs: int, units: int, shares: tuple[float, float]
) -> Iterator[Estimate]:
    """Compare two arms of so many units each, that convert with these chances."""
    for one, other in rng.binomial(units, shares, (runs, 2)).tolist():
        yield compare_proportions(Aggregate(units, one, one), Aggregate(units, other, other), alpha=ALPHA)


def single(joint: JointAggregate) -> Aggregate:
    """See the first value of a joint aggregate as the aggregate it is."""
    return Aggregate(joint.units, joint.totals[0], joint.products[0][0])


def finds(found: Estimate, alpha: float = ALPHA) -> bool:
    """Whether a test calls the difference significant."""
    return found.p_value is not None and found.p_value < alpha


def covers(found: Estimate, truth: float) -> bool:
    """Whether an interval holds the truth."""
    return found.interval is not None and found.interval[0] <= truth <= found.interval[1]
