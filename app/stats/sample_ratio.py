"""Whether the arms' sizes are what their weights promise: if not, the comparison itself is broken."""

from collections.abc import Sequence
from math import erfc, exp, inf, lgamma, log, sqrt

import msgspec

MISMATCH_BELOW = 0.001


class SampleRatio(msgspec.Struct, frozen=True):
    """How likely sizes at least this far from the promised shares are; None where there is no unit yet.

    `statistic` is Pearson's chi-square, None where another test was made or none was needed.
    """

    p_value: float | None
    statistic: float | None = None

    @property
    def mismatch(self) -> bool:
        """Whether chance is no longer a sensible explanation."""
        return self.p_value is not None and self.p_value < MISMATCH_BELOW


def check_sample_ratio(observed: Sequence[int], weights: Sequence[float]) -> SampleRatio:
    """Test the units of each arm against its weight, by Pearson's chi-square test of goodness of fit.

    `χ² = Σ (n - e)²/e` over the arms with a weight, e being the units that the weight promises; degrees: one
    less than such arms. `weights` stand in the order of `observed`, in any scale. A unit in an arm of weight
    0 is no chance: 0. For a single look; `watch_sample_ratio` may be looked at again and again.

    Source: Fabijan et al., Diagnosing Sample Ratio Mismatch in Online Controlled Experiments (KDD 2019).

    Raises:
        ValueError: a count is below 0, or a weight is below 0 or not finite.

    """
    if not all(0 <= weight < inf for weight in weights) or min(observed, default=0) < 0:
        raise ValueError(f"no counts and weights: {list(observed)}, {list(weights)}")
    units = sum(observed)
    if not units:
        return SampleRatio(None)
    if any(count and not weight for count, weight in zip(observed, weights, strict=True)):
        return SampleRatio(0.0)
    whole = sum(weights)
    expected = [units * (weight / whole) for weight in weights]
    statistic = sum((n - e) ** 2 / e for n, e in zip(observed, expected, strict=True) if e)
    return SampleRatio(chi_square_tail(statistic, sum(map(bool, expected)) - 1), statistic)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """Answer the probability that a chi-square of so many degrees of freedom is at least the statistic.

    That is Q(a, x) with a = degrees/2 and x = statistic/2, climbed from Q(1/2, x) = erfc(√x) or
    Q(1, x) = exp(-x) by Q(a + 1, x) = Q(a, x) + xᵃ exp(-x) / Γ(a + 1). Every term is positive, so no digits
    are lost and nothing has to converge.

    Source: NIST Digital Library of Mathematical Functions, 8.4 and 8.8.
    """
    x = statistic / 2
    if x <= 0:
        return 1.0
    tail, a = (erfc(sqrt(x)), 0.5) if degrees % 2 else (exp(-x), 1.0)
    while a < degrees / 2:
        tail += exp(a * log(x) - x - lgamma(a + 1))
        a += 1
    return min(1.0, tail)
