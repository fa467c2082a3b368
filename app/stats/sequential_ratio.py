"""The sample ratio watched all the time: an alarm that may be looked at after every unit."""

from collections.abc import Sequence
from math import exp, inf, lgamma, log

from app.stats.sample_ratio import SampleRatio

# So sure is the alternative of the promised shares before any unit: it finds small mismatches of large arms.
CONCENTRATION = 10_000.0
_MOST = 1e12  # a belief surer than so many units is beyond what logarithms can tell apart


def watch_sample_ratio(
    observed: Sequence[int], weights: Sequence[float], *, concentration: float = CONCENTRATION
) -> SampleRatio:
    """Test the units of each arm against its weight, at every look with one bound for all.

    `1 / BF`, at most 1, with the Bayes factor BF of "any shares, around the promised ones" (a Dirichlet
    distribution whose counts are `concentration` times the shares) against the promised shares themselves:
    the chance that it ever falls below 0.001 without cause is at most 0.001, and it may be reported as the
    least value so far. A unit in an arm of weight 0 is no chance: 0. Without units there is no figure.

    Source: Lindon and Malek, Anytime-Valid Inference for Multinomial Count Data (NeurIPS 2022).

    Raises:
        ValueError: the concentration is not above 0 or gives an arm above 1e12, a weight or count is below 0.

    """
    if not sum(observed):
        return SampleRatio(None)
    if any(count and not weight for count, weight in zip(observed, weights, strict=True)):
        return SampleRatio(0.0)
    arms = [(count, weight) for count, weight in zip(observed, weights, strict=True) if weight]
    counts, shares = [count for count, _ in arms], _shares([weight for _, weight in arms])
    other, promised = log_marginals([counts], shares, prior=[share * concentration for share in shares])
    return SampleRatio(exp(min(0.0, promised - other)))


def log_marginals(
    buckets: Sequence[Sequence[int]], weights: Sequence[float], *, prior: Sequence[float]
) -> tuple[float, float]:
    """Answer how likely these counts are, as logarithms: under a Dirichlet prior, and as promised.

    `buckets` are the units per arm that came in one after another; the belief learns from each for the next.
    The Bayes factor, `exp(first - second)`, does not depend on how units are put into buckets.
    Source: Lindon and Malek, Anytime-Valid Inference for Multinomial Count Data (NeurIPS 2022), section 3.

    Raises:
        ValueError: a count is below 0, a weight not above 0, or a prior count not above 0 or above 1e12.

    """
    shares, belief = _shares(weights), list(prior)
    if not all(0 < count <= _MOST for count in belief):
        raise ValueError(f"prior counts must be above 0 and at most {_MOST:g}, not {belief}")
    other = promised = 0.0
    for bucket in buckets:
        ways = _log_ways(bucket)
        learned = [before + count for before, count in zip(belief, bucket, strict=True)]
        other += ways + _log_beta(learned) - _log_beta(belief)
        promised += ways + sum(count * log(share) for count, share in zip(bucket, shares, strict=True))
        belief = learned
    return other, promised


def _shares(weights: Sequence[float]) -> list[float]:
    whole = sum(weights)
    if not all(0 < weight < inf for weight in weights):
        raise ValueError(f"weights must be above 0, not {list(weights)}")
    return [weight / whole for weight in weights]


def _log_ways(counts: Sequence[int]) -> float:
    """The logarithm of in how many orders such counts can have come."""
    if min(counts, default=0) < 0:
        raise ValueError(f"counts must be at least 0, not {list(counts)}")
    return lgamma(sum(counts) + 1) - sum(lgamma(count + 1) for count in counts)


def _log_beta(counts: Sequence[float]) -> float:
    return sum(map(lgamma, counts)) - lgamma(sum(counts))
