"""Where a unit falls: the same bucket for the same words, on every machine, for ever."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import mmh3

BUCKETS = 10_000


def bucket_of(unit_id: str, *, salt: str, purpose: str) -> int:
    """Place a unit in one of 10,000 buckets.

    `murmur3_x86_32(salt:purpose:unit_id, seed 0)`, scaled by integer arithmetic so that no float rounds.
    """
    return (mmh3.hash(f"{salt}:{purpose}:{unit_id}", signed=False) * BUCKETS) >> 32


def share_bound(percent: float) -> int:
    """Turn a percentage into the bucket it ends before."""
    return round(percent * (BUCKETS // 100))


def arm_bounds(weights: Sequence[float]) -> tuple[int, ...]:
    """Where each arm ends, in the listed order: `floor(10000 * cumulative / total)`.

    Weights are not negative and at least one is positive; arm *i* owns the half-open range from bound
    *i - 1* to bound *i*. Weights are taken at their decimal value, so that 0.1 is a tenth exactly.
    """
    exact = [Fraction(str(weight)) for weight in weights]
    total = sum(exact)
    return tuple(int(BUCKETS * cumulative / total) for cumulative in accumulate(exact))
