"""Figures made of means, seen as straight lines around them: how the delta method finds their variance."""

import math

import msgspec

from app.stats.joint import JointAggregate


class Figure(msgspec.Struct, frozen=True):
    """A figure made of the means of values, and how it moves with each of them: (which value, slope)."""

    value: float
    slopes: tuple[tuple[int, float], ...]


def mean_at(joint: JointAggregate, i: int) -> Figure | None:
    """The mean of one value; None where there is none."""
    mean = joint.mean(i)
    return Figure(mean, ((i, 1.0),)) if mean is not None else None


def ratio_at(joint: JointAggregate, i: int, j: int) -> Figure | None:
    """The ratio of two means; None without units, or where the denominator is 0."""
    above, below = joint.mean(i), joint.mean(j)
    if above is None or not below:
        return None
    ratio = above / below
    return Figure(ratio, ((i, 1 / below), (j, -ratio / below)))


def covariance_of(joint: JointAggregate, one: Figure, other: Figure) -> float | None:
    """The covariance of what one unit adds to two figures; None where it has no finite value.

    The delta method: `g' S h`, with the slopes g and h and the covariances S of the values.
    Source: Deng, Knoblich and Lu, Applying the Delta Method in Metric Analytics (KDD 2018), section 2.
    """
    covariance = 0.0
    for i, slope in one.slopes:
        for j, other_slope in other.slopes:
            between = joint.covariance(i, j)
            if between is None:
                return None
            covariance += slope * other_slope * between
    return covariance if math.isfinite(covariance) else None
