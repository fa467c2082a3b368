"""What a comparison needs to know of one arm, whatever its metric is."""

import math

import msgspec

from app.stats.aggregates import Aggregate
from app.stats.joint import JointAggregate
from app.stats.linear import covariance_of, ratio_at


class Baseline(msgspec.Struct, frozen=True):
    """Another mean of the same units: its variance by a single unit, and its covariance with the sample's."""

    mean: float
    variance: float
    covariance: float


class Sample(msgspec.Struct, frozen=True):
    """One arm: its units, its mean, and the variance of what a single unit adds to that mean.

    None where the units allow no figure. `baseline` is what a relative difference is a share of where that
    is not the mean itself: an adjusted mean is compared with the mean as it was counted.
    """

    units: int
    mean: float | None
    variance: float | None
    baseline: Baseline | None = None

    @property
    def whole(self) -> float | None:
        """What a relative difference from this arm is a share of."""
        return self.mean if self.baseline is None else self.baseline.mean

    @property
    def squared_error(self) -> float | None:
        """The variance of the mean: that of one unit by the units."""
        return self.variance / self.units if self.variance is not None and self.units > 0 else None


def sample_of(
    units: int, mean: float | None, variance: float | None, baseline: Baseline | None = None
) -> Sample:
    """Make a sample of what was figured; what is no finite number, or a variance below 0, is no figure."""
    found = mean if mean is not None and math.isfinite(mean) else None
    if found is None or variance is None or not 0 <= variance < math.inf:
        return Sample(units, found, None, baseline)
    return Sample(units, found, variance, baseline)


def mean_of(aggregate: Aggregate) -> Sample:
    """Estimate a mean: x̄ and the sample variance s² = (Σx² - (Σx)²/n) / (n - 1)."""
    if aggregate.units <= 0:
        return Sample(0, None, None)
    return sample_of(aggregate.units, aggregate.mean, aggregate.variance)


def proportion_of(aggregate: Aggregate) -> Sample:
    """Estimate the share of units with x = 1, where each unit's x is 0 or 1: p and p(1 - p)."""
    if aggregate.units <= 0:
        return Sample(0, None, None)
    share = float(aggregate.total / aggregate.units)
    return sample_of(aggregate.units, share, share * (1 - share))


def ratio_of(joint: JointAggregate) -> Sample:
    """Estimate a ratio of two sums, R = Σy/Σx, of units with (numerator y, denominator x).

    By the delta method, `Var = (s²_y - 2 R s_xy + R² s²_x) / x̄²`.
    Source: Deng, Knoblich and Lu, Applying the Delta Method in Metric Analytics (KDD 2018), equation 3.
    """
    ratio = ratio_at(joint, 0, 1)
    if ratio is None:
        return Sample(max(0, joint.units), None, None)
    variance = covariance_of(joint, ratio, ratio)
    return sample_of(joint.units, ratio.value, max(0.0, variance) if variance is not None else None)
