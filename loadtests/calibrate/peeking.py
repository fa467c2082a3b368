"""Looking every day for four weeks at arms that are alike: who is fooled, and who is not."""

from collections.abc import Iterator, Sequence

import numpy as np

from app.stats.aggregates import Aggregate
from app.stats.always_valid import compare_always_valid
from app.stats.estimate import Estimate
from app.stats.proportions import compare_proportions
from app.stats.sample import proportion_of
from app.stats.sample_ratio import MISMATCH_BELOW
from app.stats.sequential_ratio import watch_sample_ratio
from app.stats.spending import Spending, boundaries
from loadtests.calibrate.comparing import ALPHA, finds
from loadtests.calibrate.figure import Figure, at_most

DAYS, UNITS_A_DAY = 28, 500
TIMES = [(day + 1) / DAYS for day in range(DAYS)]
SPENDINGS: tuple[Spending, ...] = ("obrien_fleming", "pocock")


def peeks(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Count the experiments in which a method ever finds something; each day brings as many units again."""
    bounds = {spending: boundaries(TIMES, alpha=ALPHA, spending=spending).z for spending in SPENDINGS}
    naive = valid = 0
    spent = dict.fromkeys(SPENDINGS, 0)
    for days in rng.binomial(UNITS_A_DAY, 0.1, (runs, 2, DAYS)).cumsum(axis=2).tolist():
        looks = [
            (Aggregate(UNITS_A_DAY * day, one, one), Aggregate(UNITS_A_DAY * day, other, other))
            for day, (one, other) in enumerate(zip(*days, strict=True), start=1)
        ]
        found = [compare_proportions(*both, alpha=ALPHA) for both in looks]
        naive += any(map(finds, found))
        valid += any(finds(watch(*both)) for both in looks)
        statistics = [abs(estimate.statistic or 0.0) for estimate in found]
        for spending, bound in bounds.items():
            spent[spending] += crosses(statistics, bound)
    yield Figure(f"{DAYS} daily peeks, ever significant: naive z", naive / runs, 0.255, 0.285)
    yield Figure(f"{DAYS} daily peeks, ever significant: confidence sequence", valid / runs, 0.0, 0.055)
    for spending, count in spent.items():
        yield Figure(f"{DAYS} daily peeks, ever significant: {spending}", count / runs, 0.045, 0.055)


def sample_ratio(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Count the experiments whose sizes ever raise the sequential alarm, though nothing is wrong with them."""
    weights = [2, 1, 1]
    alarms = 0
    for days in rng.multinomial(1_000, np.array(weights) / 4, (runs, DAYS)).cumsum(axis=1).tolist():
        alarms += any(watch_sample_ratio(sizes, weights).mismatch for sizes in days)
    yield at_most(f"{DAYS} daily peeks, ever an alarm: sequential sample ratio", alarms, runs, MISMATCH_BELOW)


def watch(control: Aggregate, treatment: Aggregate) -> Estimate:
    """Compare conversions so that one may look every day."""
    return compare_always_valid(
        proportion_of(control), proportion_of(treatment), alpha=ALPHA, n_star=DAYS * UNITS_A_DAY
    )


def crosses(statistics: Sequence[float], bounds: Sequence[float]) -> bool:
    """Whether a statistic ever reaches its boundary."""
    return any(z >= bound for z, bound in zip(statistics, bounds, strict=True))
