"""Who falls where: the sample-ratio check where nothing is wrong, and the buckets themselves."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.engine.bucketing import BUCKETS, bucket_of
from app.stats.sample_ratio import MISMATCH_BELOW, check_sample_ratio
from loadtests.calibrate.figure import Figure, rate


def sample_ratio(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Count the alarms over experiments of 28,000 units that were shared out as promised."""
    weights = [2, 1, 1]
    sizes = rng.multinomial(28_000, np.array(weights) / 4, runs).tolist()
    alarms = sum(check_sample_ratio(observed, weights).mismatch for observed in sizes)
    yield rate("sample ratio, false alarms", alarms, runs, MISMATCH_BELOW)


def buckets(rng: np.random.Generator, units: int) -> Iterator[Figure]:
    """Place visitors by several salts and purposes: every bucket as often, and none that knows another."""
    visitors = [f"{word:016x}" for word in rng.integers(2**63, size=units).tolist()]
    placed = {
        (salt, purpose): np.array([bucket_of(unit, salt=salt, purpose=purpose) for unit in visitors])
        for salt, purpose in (("hero-copy", "arm"), ("hero-copy", "traffic"), ("footer", "arm"))
    }
    for (salt, purpose), found in placed.items():
        counts = np.bincount(found, minlength=BUCKETS)
        yield likely(f"buckets uniform: {salt}, {purpose}", counts)
    arm, traffic, other = placed.values()
    yield likely("buckets independent: arm and traffic", together(arm, traffic))
    yield likely("buckets independent: two experiments", together(arm, other))


def together(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the units in each pair of tenths."""
    return np.bincount(one // 1_000 * 10 + other // 1_000, minlength=100)


def likely(what: str, counts: NDArray[np.int64]) -> Figure:
    """Ask whether so even, and so uneven, counts are to be expected where all are as likely."""
    found = check_sample_ratio(counts.tolist(), [1] * len(counts))
    return Figure(f"{what} (p-value)", found.p_value or 0.0, 0.0005, 0.9995)
