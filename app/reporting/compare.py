"""Every arm against the baseline, by every metric that is measured."""

from typing import Literal

import msgspec

from app.engine.model import Analysis
from app.kit.steps import Steps
from app.reporting.definition import Definition
from app.reporting.measure import Measure
from app.reporting.report import Estimator
from app.reporting.tally import Tally
from app.stats.aggregates import Aggregate
from app.stats.always_valid import N_STAR, compare_always_valid
from app.stats.bayes import Posterior, compare_bayesian
from app.stats.cuped import adjust_means, adjust_ratios
from app.stats.estimate import Estimate
from app.stats.joint import JointAggregate
from app.stats.means import compare_means, compare_relative
from app.stats.proportions import compare_proportions
from app.stats.sample import Sample, mean_of, proportion_of, ratio_of
from app.stats.uneven_arms import even_out

# A metric, and the arm that is compared with the baseline.
Pair = tuple[str, str]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One arm against the baseline by one metric, in every way that there is.

    `fixed` holds where one looks once; `always_valid` and `always_valid_relative` hold at every look.
    `belief` is of the difference itself. `control` and `treatment` are what all of it follows from: the arms
    as they were counted and adjusted, the smaller one never varying too little (`even_out`).
    """

    estimator: Estimator
    control: Sample
    treatment: Sample
    fixed: Estimate
    relative: Estimate
    always_valid: Estimate
    always_valid_relative: Estimate
    belief: Posterior


def comparing_all(definition: Definition, tally: Tally) -> Steps[dict[Pair, Compared]]:
    """Compare every arm with the first listed one."""
    compared = {}
    for plan in definition.metrics:
        if plan.measure is not None:
            (_, control), *others = tally.joints_of(plan.key).items()
            for arm, treatment in others:
                compared[plan.key, arm] = _compare(plan.measure, control, treatment, definition.analysis)
                yield
    return compared


def _compare(measure: Measure, one: JointAggregate, other: JointAggregate, analysis: Analysis) -> Compared:
    alpha, n_star = analysis.alpha, n_star_of(analysis)
    control, treatment = even_out(*_samples(measure, one, other))
    method: Literal["welch", "normal"] = "normal" if measure.is_ratio or measure.is_share else "welch"
    fixed = compare_means(control, treatment, alpha=alpha, method=method)
    if measure.is_share and not measure.has_covariate:
        tested = compare_proportions(_first(one), _first(other), alpha=alpha)
        fixed = msgspec.structs.replace(fixed, statistic=tested.statistic, p_value=tested.p_value)
    return Compared(
        estimator="cuped" if measure.has_covariate else "plain",
        control=control,
        treatment=treatment,
        fixed=fixed,
        relative=compare_relative(control, treatment, alpha=alpha, method=method),
        always_valid=compare_always_valid(control, treatment, alpha=alpha, n_star=n_star),
        always_valid_relative=compare_always_valid(
            control, treatment, alpha=alpha, n_star=n_star, relative=True
        ),
        belief=compare_bayesian(control, treatment, alpha=alpha, relative=False),
    )


def n_star_of(analysis: Analysis) -> float:
    """Tell at how many units confidence sequences are tightest: where the experiment means to come to."""
    return analysis.planned_units or N_STAR


def _samples(measure: Measure, control: JointAggregate, treatment: JointAggregate) -> tuple[Sample, Sample]:
    if measure.has_covariate:
        adjusted = (adjust_ratios if measure.is_ratio else adjust_means)(control, treatment)
        return adjusted.control, adjusted.treatment
    return sample_of(measure, control), sample_of(measure, treatment)


def sample_of(measure: Measure, joint: JointAggregate) -> Sample:
    """See one arm's units as a sample, as they were counted."""
    if measure.is_ratio:
        return ratio_of(joint)
    return (proportion_of if measure.is_share else mean_of)(_first(joint))


def _first(joint: JointAggregate) -> Aggregate:
    """Take the value itself out of what there is beside it."""
    return Aggregate(joint.units, joint.totals[0], joint.products[0][0])
