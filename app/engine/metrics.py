"""What a metric must say to be one of its kind."""

from collections.abc import Iterator

from app.engine.model import Document, Journey, Metric
from app.engine.named import primary_journey_of
from app.engine.problems import Problem

STAGES = frozenset({"stage_reached", "stage_progressed"})


def check_metrics(document: Document) -> Iterator[Problem]:
    """Find the metrics that lack something, and those that name a journey or a stage that is not there."""
    for i, metric in enumerate(document.metrics):
        for lacking in lacking_in(metric):
            yield Problem(f"/metrics/{i}", lacking)
        if metric.kind in STAGES:
            yield from _check_stage(document, metric, f"/metrics/{i}")


def lacking_in(metric: Metric) -> Iterator[str]:
    """Say all that a metric lacks."""
    if metric.kind not in STAGES and metric.event is None:
        yield f"a metric of kind {metric.kind} needs an event to count, and this metric names none"
    if metric.kind == "mean" and metric.property is None:
        yield "a mean needs a property to add up, and this metric names none"
    if metric.kind == "ratio" and metric.denominator is None:
        yield "a ratio needs a denominator, and this metric names none"
    if metric.kind == "stage_reached" and metric.stage is None:
        yield "to reach a stage needs a stage, and this metric names none"
    if metric.kind in STAGES and metric.covariate_days:
        yield "stages have no covariate: whoever stood where before is what they begin with"


def outliving(document: Document) -> Iterator[Problem]:
    """Find the metrics that ask for what was longer ago than events are kept."""
    kept = document.site.retention.events_days
    for i, metric in enumerate(document.metrics):
        until = metric.window_days + (metric.after_days if metric.kind == "retention" else 0)
        for field, days in (("window_days", until), ("covariate_days", metric.covariate_days)):
            if days > kept:
                message = (
                    f"asks for {days:g} days, and events are kept for {kept}: what is gone is not counted"
                )
                yield Problem(f"/metrics/{i}/{field}", message)


def named_again(document: Document) -> Iterator[Problem]:
    """Find where an experiment names a metric that it has named before: only the first role counts."""
    for i, experiment in enumerate(document.experiments):
        roles: dict[str | None, str] = {experiment.primary_metric: "primary"}
        for j, use in enumerate(experiment.metrics):
            if use.metric in roles:
                message = f"{use.metric!r} is {roles[use.metric]} here already, and counts only as that"
                yield Problem(f"/experiments/{i}/metrics/{j}/metric", message)
            roles.setdefault(use.metric, use.role)


def journey_of(document: Document, metric: Metric) -> Journey | None:
    """Find the journey that a metric asks about: the one it names, else the primary one."""
    if metric.journey is None:
        return primary_journey_of(document)
    return next((journey for journey in document.journeys if journey.key == metric.journey), None)


def _check_stage(document: Document, metric: Metric, at: str) -> Iterator[Problem]:
    journey = journey_of(document, metric)
    if journey is None and metric.journey is not None:
        yield Problem(f"{at}/journey", f"there is no journey {metric.journey!r}")
    elif journey is None:
        yield Problem(at, "there is no journey whose stages this metric could ask for")
    elif metric.stage is not None and metric.stage not in {stage.key for stage in journey.stages}:
        yield Problem(f"{at}/stage", f"journey {journey.key!r} has no stage {metric.stage!r}")
