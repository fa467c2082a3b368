"""An experiment's results: read, counted, compared and judged."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.slices import in_slices
from app.kit.steps import Steps
from app.reporting.compare import Compared, Pair, comparing_all
from app.reporting.counting import Counted, count
from app.reporting.definition import OTHER_CURRENCIES, Definition, MetricPlan, load_definition
from app.reporting.evidence import Evidence
from app.reporting.measure import Measure
from app.reporting.pace import pace_of
from app.reporting.queries import snapshot
from app.reporting.question import CutBy, Question
from app.reporting.report import (
    AlwaysValid,
    ArmFigures,
    ArmUnits,
    Comparison,
    Cut,
    MetricReport,
    Results,
    SampleRatioReport,
)
from app.reporting.significance import adjusted_of, significant_of
from app.reporting.tally import Tally
from app.reporting.uplift import uplifts_of
from app.reporting.verdict import judge
from app.stats.joint import JointAggregate
from app.stats.sample_ratio import SampleRatio, check_sample_ratio
from app.stats.sequential_ratio import watch_sample_ratio

# A site may have any number of segments; only the largest cuts are listed.
CUTS_LISTED = 200


async def load_results(session: AsyncConnection, question: Question, now: datetime) -> Results:
    """Answer a question about an experiment, from one state of the database.

    Raises:
        UnknownExperimentError: for a key that was never published, or that nobody was assigned to.
        UnknownPhaseError: for a phase that is still to come.
        ConnectionError: the connection to the database broke on the way.

    """
    async with snapshot(session) as connection:
        definition = await load_definition(connection, question.site_id, question.experiment, question.phase)
        counted = await count(connection, definition, question, now)
    return await in_slices(assembling(definition, counted, question, now))


class Settled(msgspec.Struct, frozen=True):
    """What the comparisons of some units came to; cuts are neither adjusted nor judged."""

    found: Mapping[Pair, Compared]
    adjusted: Mapping[Pair, float] = {}
    significant: frozenset[Pair] = frozenset()


def assembling(definition: Definition, counted: Counted, question: Question, now: datetime) -> Steps[Results]:
    """Turn what was counted into results, a comparison at a step."""
    everyone = counted.everyone
    judged = yield from comparing_all(definition, counted.judged)
    is_over = definition.ended and counted.complete.units == everyone.units
    significant = yield from significant_of(definition, judged, counted.looks, is_over=is_over)
    compared = yield from comparing_all(definition, counted.complete if question.complete else everyone)
    settled = Settled(compared, adjusted_of(definition, compared), significant)
    cuts = yield from _cuts(definition, counted, question)
    return Results(
        experiment=definition.key,
        as_of=now,
        phase=definition.phase,
        population=question.population,
        units=everyone.units,
        units_complete=counted.complete.units,
        units_exposed=sum(counted.exposed.values()),
        crossed_units=everyone.crossed,
        arms=_arms(definition, everyone),
        sample_ratio=_ratio_report(definition, everyone),
        metrics=_metrics(definition, everyone, settled),
        uplift=uplifts_of(definition, compared, everyone.arms),
        cuts=cuts,
        cuts_left_out=max(0, len(counted.cuts) - len(cuts)),
        verdict=judge(definition, _evidence(definition, counted, now, (judged, significant))),
    )


def _evidence(
    definition: Definition,
    counted: Counted,
    now: datetime,
    settled: tuple[Mapping[Pair, Compared], frozenset[Pair]],
) -> Evidence:
    ratio, always = _ratios(definition, counted.everyone)
    return Evidence(
        arms=counted.everyone.arms,
        assigned=counted.assigned,
        exposed=counted.exposed,
        complete=counted.complete.units,
        crossed=counted.everyone.crossed,
        pace=pace_of(counted.by_day, now, ended=definition.ended),
        looks=counted.looks,
        sample_ratio=ratio,
        always_valid_ratio=always,
        compared=settled[0],
        significant=settled[1],
    )


def _ratios(definition: Definition, tally: Tally) -> tuple[SampleRatio, SampleRatio]:
    units, shares = list(tally.arms.values()), [definition.shares.get(arm, 0) for arm in tally.arms]
    return check_sample_ratio(units, shares), watch_sample_ratio(units, shares)


def _ratio_report(definition: Definition, tally: Tally) -> SampleRatioReport:
    ratio, always = _ratios(definition, tally)
    return SampleRatioReport(ratio.p_value, always.p_value, ratio.mismatch or always.mismatch)


def _arms(definition: Definition, tally: Tally) -> list[ArmUnits]:
    whole = sum(definition.shares.values())
    return [ArmUnits(arm, units, definition.shares.get(arm, 0) / whole) for arm, units in tally.arms.items()]


def _metrics(definition: Definition, tally: Tally, settled: Settled) -> list[MetricReport]:
    return [_metric(plan, tally, settled) for plan in definition.metrics]


def _metric(plan: MetricPlan, tally: Tally, settled: Settled) -> MetricReport:
    kind = plan.metric.kind if plan.metric is not None else None
    if plan.measure is None:
        return MetricReport(plan.key, kind, plan.role, [], [], plan.note)
    joints, elsewhere = tally.joints_of(plan.key), _elsewhere(plan.key, plan.measure, tally)
    figures = [
        _figures(plan.measure, arm, joint, elsewhere[arm] if elsewhere is not None else None)
        for arm, joint in joints.items()
    ]
    baseline, *others = joints
    comparisons = [_comparison(plan, (plan.key, arm), baseline, settled) for arm in others]
    left_out = sum(elsewhere.values()) if elsewhere is not None else 0
    note = f"not counted: {left_out:,} events in other currencies" if left_out else None
    return MetricReport(plan.key, kind, plan.role, figures, comparisons, note)


def _elsewhere(key: str, measure: Measure, tally: Tally) -> dict[str, int] | None:
    """Tell how many events of each arm were left out for their currency."""
    if measure.elsewhere is None:
        return None
    return {arm: int(joint.totals[0]) for arm, joint in tally.joints_of(key + OTHER_CURRENCIES).items()}


def _figures(measure: Measure, arm: str, joint: JointAggregate, elsewhere: int | None) -> ArmFigures:
    mean = joint.mean(0)
    if measure.is_ratio:
        mean = float(joint.totals[0] / joint.totals[1]) if joint.totals[1] else None
    return ArmFigures(arm, joint.units, float(joint.totals[0]), float(joint.products[0][0]), mean, elsewhere)


def _comparison(plan: MetricPlan, pair: Pair, baseline: str, settled: Settled) -> Comparison:
    found = settled.found[pair]
    belief, always, is_up = found.belief, found.always_valid, plan.better == "up"
    chance = belief.chance_to_win
    return Comparison(
        arm=pair[1],
        baseline=baseline,
        estimator=found.estimator,
        difference=found.fixed.value,
        interval=found.fixed.interval,
        relative=found.relative.value,
        relative_interval=found.relative.interval,
        p_value=found.fixed.p_value,
        adjusted_p_value=settled.adjusted.get(pair),
        always_valid=AlwaysValid(always.p_value, always.interval, found.always_valid_relative.interval),
        chance_to_win=chance if is_up or chance is None else 1 - chance,
        expected_loss=belief.loss_of_treatment if is_up else belief.loss_of_control,
        significant=pair in settled.significant,
    )


def _cuts(definition: Definition, counted: Counted, question: Question) -> Steps[list[Cut]]:
    if question.by is None:
        return []
    # Days are few, and a chart needs each of them.
    listed = len(counted.cuts) if question.by is CutBy.DAY else CUTS_LISTED
    largest = sorted(counted.cuts.items(), key=lambda cut: -cut[1].units)[:listed]
    # Unknown values come last.
    largest.sort(key=lambda cut: (cut[0] is None, cut[0] or ""))
    cuts = []
    for value, tally in largest:
        cuts.append((yield from _cut(definition, question.by, value, tally)))
    return cuts


def _cut(definition: Definition, by: CutBy, value: str | None, tally: Tally) -> Steps[Cut]:
    compared = yield from comparing_all(definition, tally)
    return Cut(
        by=by,
        value=value,
        units=tally.units,
        sample_ratio=_ratio_report(definition, tally),
        metrics=_metrics(definition, tally, Settled(compared)),
        uplift=uplifts_of(definition, compared, tally.arms),
    )
