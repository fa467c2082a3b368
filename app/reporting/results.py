"""An experiment's results: read, counted, compared and judged."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.reporting.compare import Pair, adjust, compare_all, significant_of
from app.reporting.counting import Counted, count
from app.reporting.definition import Definition, MetricPlan, load_definition
from app.reporting.queries import snapshot
from app.reporting.question import CutBy, Question
from app.reporting.report import (
    ArmFigures,
    ArmUnits,
    Comparison,
    Cut,
    MetricReport,
    Results,
    SampleRatioReport,
)
from app.reporting.tally import Tally
from app.reporting.verdict import Evidence, judge
from app.stats.difference import Difference
from app.stats.sample_ratio import SampleRatio, check_sample_ratio

# What visitors say of themselves can have any number of values; only the largest cuts are listed.
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
    return assemble(definition, counted, question, now)


class Compared(msgspec.Struct, frozen=True):
    """What the comparisons of some units came to, by metric and arm; cuts are neither adjusted nor judged."""

    found: Mapping[Pair, Difference]
    adjusted: Mapping[Pair, float] = {}
    significant: frozenset[Pair] = frozenset()


def assemble(definition: Definition, counted: Counted, question: Question, now: datetime) -> Results:
    """Turn what was counted into results."""
    analysis, everyone = definition.analysis, counted.everyone
    settled = adjust(compare_all(definition, counted.complete), analysis)
    significant = significant_of(settled, analysis, counted.complete.units)
    compared = compare_all(definition, counted.complete if question.complete else everyone)
    ratio = _ratio(definition, everyone)
    evidence = Evidence(
        arms=everyone.arms,
        complete=counted.complete.units,
        crossed=everyone.crossed,
        sample_ratio=ratio,
        significant=significant,
    )
    return Results(
        experiment=definition.key,
        as_of=now,
        phase=definition.phase,
        population=question.population,
        units=everyone.units,
        units_complete=counted.complete.units,
        crossed_units=everyone.crossed,
        arms=_arms(definition, everyone),
        sample_ratio=SampleRatioReport(ratio.p_value, ratio.mismatch),
        metrics=_metrics(definition, everyone, Compared(compared, adjust(compared, analysis), significant)),
        cuts=_cuts(definition, counted, question),
        verdict=judge(definition, evidence),
    )


def _ratio(definition: Definition, tally: Tally) -> SampleRatio:
    arms = tally.arms
    return check_sample_ratio(list(arms.values()), [definition.shares.get(arm, 0) for arm in arms])


def _arms(definition: Definition, tally: Tally) -> list[ArmUnits]:
    whole = sum(definition.shares.values())
    return [ArmUnits(arm, units, definition.shares.get(arm, 0) / whole) for arm, units in tally.arms.items()]


def _metrics(definition: Definition, tally: Tally, compared: Compared) -> list[MetricReport]:
    return [_metric(plan, tally, compared) for plan in definition.metrics]


def _metric(plan: MetricPlan, tally: Tally, compared: Compared) -> MetricReport:
    kind = plan.metric.kind if plan.metric is not None else None
    if plan.measure is None:
        return MetricReport(plan.key, kind, plan.role, [], [], plan.note)
    aggregates = tally.aggregates_of(plan.key)
    figures = [
        ArmFigures(arm, sums.units, sums.total, sums.total_of_squares, sums.mean)
        for arm, sums in aggregates.items()
    ]
    baseline, *others = aggregates
    comparisons = [_comparison((plan.key, arm), baseline, compared) for arm in others]
    return MetricReport(plan.key, kind, plan.role, figures, comparisons, plan.note)


def _comparison(pair: Pair, baseline: str, compared: Compared) -> Comparison:
    found = compared.found[pair]
    return Comparison(
        arm=pair[1],
        baseline=baseline,
        estimator="plain",
        difference=found.absolute,
        interval=found.interval,
        relative=found.relative,
        relative_interval=None,
        p_value=found.p_value,
        adjusted_p_value=compared.adjusted.get(pair),
        always_valid=None,
        chance_to_win=None,
        expected_loss=None,
        significant=pair in compared.significant,
    )


def _cuts(definition: Definition, counted: Counted, question: Question) -> list[Cut]:
    if question.by is None:
        return []
    largest = sorted(counted.cuts.items(), key=lambda cut: -cut[1].units)[:CUTS_LISTED]
    # Unknown values come last.
    largest.sort(key=lambda cut: (cut[0] is None, cut[0] or ""))
    return [_cut(definition, question.by, value, tally) for value, tally in largest]


def _cut(definition: Definition, by: CutBy, value: str | None, tally: Tally) -> Cut:
    ratio = _ratio(definition, tally)
    return Cut(
        by=by,
        value=value,
        units=tally.units,
        sample_ratio=SampleRatioReport(ratio.p_value, ratio.mismatch),
        metrics=_metrics(definition, tally, Compared(compare_all(definition, tally))),
    )
