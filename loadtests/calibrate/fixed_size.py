"""Tests at a fixed size: how often they err where nothing differs, what they cover, and what they find."""

from collections import Counter
from collections.abc import Iterator
from math import ceil

import numpy as np

from app.stats.always_valid import compare_always_valid
from app.stats.design import Design
from app.stats.means import compare_means
from app.stats.midflight import units_needed
from app.stats.power_of_means import size_for_means
from app.stats.power_of_proportions import size_for_proportions
from app.stats.sample import Sample, mean_of
from loadtests.calibrate.comparing import ALPHA, compare, conversions, covers, finds, single
from loadtests.calibrate.figure import Figure, rate
from loadtests.calibrate.rows import (
    ORDERS,
    ORDERS_BEFORE,
    REVENUE,
    REVENUE_BEFORE,
    SESSIONS,
    SESSIONS_BEFORE,
    arms,
    normal_arms,
    only,
)

COVERAGE, POWER = (0.947, 0.953), (0.792, 0.808)

# Normal units: (numerator, denominator, numerator before, denominator before).
_MEANS, _LIFTED = np.array([1.0, 3.0, 1.0, 3.0]), np.array([1.1, 3.0, 1.0, 3.0])
_COVARIANCE = np.array(
    [[0.5, 0.3, 0.3, 0.2], [0.3, 1.0, 0.2, 0.5], [0.3, 0.2, 0.5, 0.3], [0.2, 0.5, 0.3, 1.0]]
)


def false_positives(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Count how often each test finds something between arms that are alike."""
    found = sum(map(finds, conversions(rng, runs, 10_000, (0.1, 0.1))))
    yield rate("A/A, false positives at 5 %: z", found, runs, ALPHA)
    hits: Counter[str] = Counter()
    drawn = arms(rng, 2 * runs, 1_000)
    for _ in range(runs):
        both = next(drawn), next(drawn)
        value = [only(sums, REVENUE, REVENUE_BEFORE) for sums in both]
        ratio = [only(sums, ORDERS, SESSIONS, ORDERS_BEFORE, SESSIONS_BEFORE) for sums in both]
        for name, estimate in compare(value, ratio).items():
            hits[name] += finds(estimate)
    for name, count in hits.items():
        yield rate(f"A/A, false positives at 5 %: {name}", count, runs, ALPHA)


def coverage(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Count how often each interval holds the difference that is really there."""
    held = sum(covers(found, 0.01) for found in conversions(rng, runs, 10_000, (0.1, 0.11)))
    yield Figure("95 % interval covers: z", held / runs, *COVERAGE)
    truths = {"Welch": 0.1, "CUPED": 0.1, "ratio": 0.1 / 3, "CUPED, ratio": 0.1 / 3}
    hits: Counter[str] = Counter()
    controls = normal_arms(rng, runs, 1_000, _MEANS, _COVARIANCE)
    treatments = normal_arms(rng, runs, 1_000, _LIFTED, _COVARIANCE)
    for both in zip(controls, treatments, strict=True):
        value = [only(joint, 0, 2) for joint in both]
        for name, found in compare(value, list(both)).items():
            hits[name] += covers(found, truths.get(name, 0.1))
    for name, count in hits.items():
        yield Figure(f"95 % interval covers: {name}", count / runs, *COVERAGE)


def power(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Count how often what was planned for is found at the planned size, by plans of each kind."""
    units = ceil(size_for_proportions(0.1, 0.11))
    found = sum(map(finds, conversions(rng, runs, units, (0.1, 0.11))))
    yield Figure(f"power 0.8 planned, {units} units an arm: z", found / runs, *POWER)
    units = ceil(size_for_means(0.1, 1.0))
    found = sum(finds(compare_means(*both)) for both in normal_pairs(rng, runs, units))
    yield Figure(f"power 0.8 planned, {units} units an arm: Welch", found / runs, *POWER)
    seen = Sample(1_000, 0.0, 1.0), Sample(1_000, 0.1, 1.0)
    needed = units_needed(*seen, 0.1, design=Design(), n_star=5_000)
    units = (needed or 0) // 2
    found = sum(finds(compare_always_valid(*both)) for both in normal_pairs(rng, runs, units))
    yield Figure(f"power 0.8 planned midway, {units} units an arm: always valid", found / runs, *POWER)


def normal_pairs(rng: np.random.Generator, runs: int, units: int) -> Iterator[tuple[Sample, Sample]]:
    """Draw two arms of normal units that differ by a tenth of their deviation."""
    arms_of = (normal_arms(rng, runs, units, np.array([mean]), np.eye(1)) for mean in (0.0, 0.1))
    for one, other in zip(*arms_of, strict=True):
        yield mean_of(single(one)), mean_of(single(other))
