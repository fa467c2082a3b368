"""Variance taken out by what was known of each unit before its assignment (CUPED)."""

import msgspec

from app.stats.joint import JointAggregate
from app.stats.linear import Figure, covariance_of, mean_at, ratio_at
from app.stats.sample import Baseline, Sample, sample_of


class Adjusted(msgspec.Struct, frozen=True):
    """Both arms adjusted by `theta`; `variance_left` is the share of the variance that remains, if known."""

    control: Sample
    treatment: Sample
    theta: float
    variance_left: float | None


class _Arm(msgspec.Struct, frozen=True):
    """What one arm, or both together, came to: the metric, and the same before assignment."""

    joint: JointAggregate
    metric: Figure | None
    before: Figure | None


def adjust_means(control: JointAggregate, treatment: JointAggregate) -> Adjusted:
    """Adjust two means by a covariate; the units' values are (value y, covariate x).

    `m - θ (x̄ - x̄_both)` with `θ = cov(y, x) / var(x)` over both arms together, so that both are moved alike;
    the variance of a unit becomes `s²_y + θ² s²_x - 2 θ s_xy`. A covariate that does not vary, or that one
    arm lacks, adjusts nothing.
    Relative differences stay shares of control's mean as it was counted.
    Source: Deng, Xu, Kohavi and Walker, Improving the Sensitivity of Online Controlled Experiments by
    Utilizing Pre-Experiment Data (WSDM 2013), equations 4 and 5.
    """
    return _adjust(*(_mean(joint) for joint in (control, treatment, control.merge(treatment))))


def adjust_ratios(control: JointAggregate, treatment: JointAggregate) -> Adjusted:
    """Adjust two ratios by the same ratio before assignment.

    The units' values are (numerator, denominator, numerator before, denominator before); as for means, with
    variances and covariances of ratios by the delta method; θ is that of all units together (tea-tasting has
    it so too; GrowthBook's engine adds up what the arms have within).
    Source: Deng, Xu, Kohavi and Walker (WSDM 2013), appendix B.
    """
    return _adjust(*(_ratio(joint) for joint in (control, treatment, control.merge(treatment))))


def variance_left(variance: float, covariate_variance: float, covariance: float) -> float | None:
    """Answer the share of the variance that CUPED leaves, `1 - ρ²`; None where one side does not vary.

    Source: Deng, Xu, Kohavi and Walker (WSDM 2013), equation 5.
    """
    if not variance > 0 or not covariate_variance > 0:
        return None
    return min(1.0, max(0.0, 1 - (covariance / variance) * (covariance / covariate_variance)))


def _mean(joint: JointAggregate) -> _Arm:
    return _Arm(joint, mean_at(joint, 0), mean_at(joint, 1))


def _ratio(joint: JointAggregate) -> _Arm:
    return _Arm(joint, ratio_at(joint, 0, 1), ratio_at(joint, 2, 3))


def _adjust(control: _Arm, treatment: _Arm, both: _Arm) -> Adjusted:
    """Adjust both arms or neither: a covariate that one arm lacks would move the other alone."""
    known = all(_spread(arm) is not None for arm in (control, treatment))
    spread = _spread(both) if known else None
    theta = spread[2] / spread[1] if spread is not None and spread[1] > 0 else 0.0
    left = variance_left(*spread) if spread is not None else None
    return Adjusted(_moved(control, both, theta), _moved(treatment, both, theta), theta, left)


def _moved(arm: _Arm, both: _Arm, theta: float) -> Sample:
    if arm.metric is None:
        return Sample(max(0, arm.joint.units), None, None)
    value, units = arm.metric.value, arm.joint.units
    spread = _spread(arm)
    if spread is None or arm.before is None or both.before is None:
        return sample_of(units, value, covariance_of(arm.joint, arm.metric, arm.metric))
    variance = spread[0] + theta * (theta * spread[1] - 2 * spread[2])
    counted = Baseline(value, spread[0], spread[0] - theta * spread[2])
    moved = value - theta * (arm.before.value - both.before.value)
    return sample_of(units, moved, max(0.0, variance), counted)


def _spread(arm: _Arm) -> tuple[float, float, float] | None:
    """Answer the variances of the metric and of its covariate, and their covariance."""
    if arm.metric is None or arm.before is None:
        return None
    pairs = ((arm.metric, arm.metric), (arm.before, arm.before), (arm.metric, arm.before))
    variance, before, between = (covariance_of(arm.joint, one, other) for one, other in pairs)
    if variance is None or before is None or between is None:
        return None
    return variance, before, between
