"""An experiment as a revision defined it: its arms, what they were promised, and what it is judged by."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import asyncpg
import msgspec

from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.bucketing import BUCKETS, arm_bounds, share_bound
from app.engine.model import Analysis, Arm, Document, Experiment, Holdout, Metric, MetricUse
from app.reporting.measure import Measure, measure_of
from app.reporting.queries import find_document, find_revision
from app.reporting.report import Role

# Beside a metric that names a currency; no metric can be called so.
OTHER_CURRENCIES = "$other_currencies"


class UnknownExperimentError(LookupError):
    """No revision in force names the experiment, and no unit was ever given an arm of it."""


class UnknownPhaseError(LookupError):
    """The experiment has not come to that phase."""


class MetricPlan(msgspec.Struct, frozen=True):
    """One metric of an experiment; without a `measure`, the `note` says why."""

    key: str
    role: Role
    metric: Metric | None
    measure: Measure | None
    note: str | None
    margin: float | None = None

    @property
    def better(self) -> Literal["up", "down"]:
        """Which way is better."""
        return self.metric.direction if self.metric is not None else "up"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What results need to know of one phase of an experiment.

    `by_user`: users are its units, once they are known. `shares` are buckets out of 10,000, by arm.
    `placements` are those the arms span (None: all). `ended`: no unit can come in any more. `is_aa`: all arms
    are the same.
    """

    key: str
    phase: int
    by_user: bool
    shares: dict[str, int]
    placements: list[str] | None
    metrics: list[MetricPlan]
    analysis: Analysis
    ended: bool
    is_aa: bool = False

    @property
    def measures(self) -> dict[str, Measure]:
        """The metrics that are measured, by key, and after them what each leaves out for its currency."""
        measures = {plan.key: plan.measure for plan in self.metrics if plan.measure is not None}
        for key, measure in list(measures.items()):
            if measure.elsewhere is not None:
                measures[key + OTHER_CURRENCIES] = Measure((measure.elsewhere,), False, False)
        return measures

    @property
    def noun(self) -> str:
        """What its units are called."""
        return "users" if self.by_user else "visitors"

    @property
    def planned(self) -> int | None:
        """How many units are tested at the end; None where one may look at any time, or none are planned."""
        return None if self.analysis.method == "always_valid" else self.analysis.planned_units

    @property
    def window(self) -> timedelta:
        """The longest window of a metric: a unit is complete when it has closed."""
        return max((measure.window for measure in self.measures.values()), default=timedelta())


async def load_definition(
    connection: asyncpg.Connection, site_id: int, key: str, phase: int | None
) -> Definition:
    """Read how an experiment was defined in a phase (None: the latest).

    The latest revision may no longer name the experiment, or have come to a later phase with other weights:
    then the revision counts under which units were last taken in.

    Raises:
        UnknownExperimentError: for a key that was never published, or that nobody was assigned to.
        UnknownPhaseError: for a phase that is still to come.

    """
    published = await find_document(connection, site_id, None)
    latest = define(published, key) if published is not None else None
    if latest is not None and phase in {None, latest.phase}:
        return latest
    revision = await find_revision(connection, site_id, key, phase)
    document = await find_document(connection, site_id, revision) if revision is not None else None
    earlier = define(document, key) if document is not None else None
    if earlier is not None:
        return msgspec.structs.replace(earlier, phase=phase or earlier.phase, ended=True)
    if latest is None:
        raise UnknownExperimentError(key)
    if phase is None or phase > latest.phase:
        raise UnknownPhaseError(f"{key} has come to phase {latest.phase}")
    # The phase came and went without a single unit.
    return msgspec.structs.replace(latest, phase=phase, ended=True)


def define(document: Document, key: str) -> Definition | None:
    """Find an experiment in a document; `$holdout` is one wherever its percent is more than 0."""
    experiment = _find_experiment(document, key)
    if experiment is None:
        return None
    bounds = arm_bounds([arm.weight for arm in experiment.arms])
    shares = (end - start for start, end in pairwise((0, *bounds)))
    placements = {placement for arm in experiment.arms for placement in arm.variants}
    return Definition(
        key=key,
        phase=experiment.phase,
        by_user=experiment.unit == "user",
        shares={arm.key: share for arm, share in zip(experiment.arms, shares, strict=True)},
        placements=None if key == HOLDOUT else sorted(placements),
        metrics=list(_plans(experiment, document)),
        analysis=experiment.analysis,
        ended=experiment.status in {"stopped", "archived"},
        is_aa=experiment.kind == "aa",
    )


def _find_experiment(document: Document, key: str) -> Experiment | None:
    if key != HOLDOUT:
        return next((experiment for experiment in document.experiments if experiment.key == key), None)
    return _experiment_of(document.holdout) if document.holdout.percent else None


def _experiment_of(holdout: Holdout) -> Experiment:
    """See the holdout as the experiment it is: those without personalization are the baseline."""
    generic = share_bound(holdout.percent)
    return Experiment(
        key=HOLDOUT,
        arms=(Arm(key=GENERIC, weight=generic), Arm(key=PERSONALIZED, weight=BUCKETS - generic)),
        unit=holdout.unit,
        status="running",
        phase=holdout.phase,
        primary_metric=holdout.metrics[0] if holdout.metrics else None,
        metrics=tuple(MetricUse(metric=key) for key in holdout.metrics[1:]),
    )


def _plans(experiment: Experiment, document: Document) -> Iterator[MetricPlan]:
    metrics = {metric.key: metric for metric in document.metrics}
    roles: dict[str, Role] = {}
    if experiment.primary_metric is not None:
        roles[experiment.primary_metric] = "primary"
    margins: dict[str, float | None] = {}
    for use in experiment.metrics:
        roles.setdefault(use.metric, use.role)
        margins.setdefault(use.metric, use.margin)
    for key, role in roles.items():
        metric = metrics.get(key)
        measure = measure_of(metric, document) if metric is not None else f"there is no metric {key!r}"
        if isinstance(measure, str):
            yield MetricPlan(key, role, metric, None, measure)
        else:
            yield MetricPlan(key, role, metric, measure, None, margins.get(key))
