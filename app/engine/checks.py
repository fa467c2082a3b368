"""Everything that can be wrong with a document, each with its place; only a sound one is compiled."""

from collections.abc import Iterator
from math import inf
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.engine.model import Cap, Document, Experiment, Journey, Retention, Rule
from app.engine.problems import Findings, Problem
from app.engine.reading import Reading
from app.engine.references import check_order, check_references, conditions_of
from app.engine.schedule import minutes_of

# A profile remembers every delivery that a cap counts.
CAP_LIMIT, CAP_DAYS = 1_000, 3_650
# Windows reach 90 days back, and what they ask of events is looked up where a profile does not know it.
LEAST_EVENTS_DAYS, MOST_DAYS = 90, 3_650


def check_document(document: Document, reading: Reading) -> Findings:
    """Find every problem of a document, and read its conditions into `reading`.

    References are looked into only where all conditions can be read.
    """
    broken = False
    for pointer, condition in conditions_of(document):
        for problem in reading.read(pointer, condition):
            broken = True
            yield problem
        yield None
    if not broken:
        yield from check_references(document, reading)
        yield from check_order(document)
    yield from _check_zone("/site/timezone", document.site.timezone)
    yield from _check_retention("/site/retention", document.site.retention)
    for i, journey in enumerate(document.journeys):
        yield from _check_journey(journey, f"/journeys/{i}")
        yield None
    for i, experiment in enumerate(document.experiments):
        yield from _check_experiment(experiment, f"/experiments/{i}")
        yield None
    for i, rule in enumerate(document.rules):
        yield from _check_rule(rule, f"/rules/{i}")
        yield None
    yield from _check_groups(document)
    yield from _check_percent("/holdout/percent", document.holdout.percent)


def _check_zone(pointer: str, name: str) -> Iterator[Problem]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem(pointer, f"{name!r} is not a time zone like Europe/London")


def _check_retention(at: str, retention: Retention) -> Iterator[Problem]:
    for field, days, least in (
        ("events_days", retention.events_days, LEAST_EVENTS_DAYS),
        ("assignments_days", retention.assignments_days, 1),
        ("decisions_days", retention.decisions_days, 1),
    ):
        if not least <= days <= MOST_DAYS:
            yield Problem(f"{at}/{field}", f"must lie between {least} and {MOST_DAYS:,} days")


def _check_percent(pointer: str, percent: float) -> Iterator[Problem]:
    if not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        yield Problem(pointer, "a percentage lies between 0 and 100")


def _check_journey(journey: Journey, at: str) -> Iterator[Problem]:
    if "." in journey.key:
        yield Problem(f"{at}/key", "cannot have a dot, since conditions ask for it as stages.<key>")
    if not journey.stages:
        yield Problem(f"{at}/stages", "a journey needs at least one stage")
    for i, stage in enumerate(journey.stages):
        if stage.min_dwell_s < 0:
            yield Problem(f"{at}/stages/{i}/min_dwell_s", "seconds cannot be negative")
        if stage.decay_after_days is not None and not 0 < stage.decay_after_days < inf:
            yield Problem(f"{at}/stages/{i}/decay_after_days", "days must be more than 0")


def _check_experiment(experiment: Experiment, at: str) -> Iterator[Problem]:
    yield from _check_percent(f"{at}/traffic", experiment.traffic)
    weights = [arm.weight for arm in experiment.arms]
    if not all(0 <= weight < inf for weight in weights) or not any(weights):
        yield Problem(f"{at}/arms", "weights cannot be negative, and at least one arm needs a weight above 0")
    share = experiment.exclusion_group
    if share is not None:
        yield from _check_percent(f"{at}/exclusion_group/from", share.start)
        yield from _check_percent(f"{at}/exclusion_group/to", share.end)
        if share.start >= share.end:
            yield Problem(f"{at}/exclusion_group/to", "a share must end after it starts")


def _check_rule(rule: Rule, at: str) -> Iterator[Problem]:
    if (rule.deliver.variant is None) == (rule.deliver.experiment is None):
        yield Problem(f"{at}/deliver", "a rule delivers either a variant or an experiment")
    if rule.cap is not None:
        yield from _check_cap(rule.cap, f"{at}/cap")
    if rule.schedule is None:
        return
    if rule.schedule.timezone is not None:
        yield from _check_zone(f"{at}/schedule/timezone", rule.schedule.timezone)
    for i, window in enumerate(rule.schedule.windows):
        if not set(window.days) <= set(range(1, 8)):
            yield Problem(f"{at}/schedule/windows/{i}/days", "days are 1 (Monday) to 7 (Sunday)")
        for field, clock in (("from", window.start), ("to", window.end)):
            try:
                minutes_of(clock)
            except ValueError as error:
                yield Problem(f"{at}/schedule/windows/{i}/{field}", str(error))


def _check_cap(cap: Cap, at: str) -> Iterator[Problem]:
    if not 1 <= cap.count <= CAP_LIMIT:
        yield Problem(f"{at}/count", f"must lie between 1 and {CAP_LIMIT:,}")
    if cap.per_days is not None and not 0 < cap.per_days <= CAP_DAYS:
        yield Problem(f"{at}/per_days", f"must be more than 0 and at most {CAP_DAYS:,}; null stands for ever")


def _check_groups(document: Document) -> Findings:
    """Find shares of one exclusion group that overlap; only experiments that run or may still run count."""
    shares: dict[str, list[tuple[float, float, int, str]]] = {g.key: [] for g in document.exclusion_groups}
    for i, experiment in enumerate(document.experiments):
        share = experiment.exclusion_group
        if share is not None and share.key in shares and experiment.status in {"draft", "running"}:
            shares[share.key].append((share.start, share.end, i, experiment.key))
        yield None
    for group, taken in shares.items():
        furthest, by = -inf, ""
        for start, end, i, key in sorted(taken):
            if start < furthest:
                yield Problem(
                    f"/experiments/{i}/exclusion_group", f"overlaps the share of {by!r} in group {group!r}"
                )
            if end > furthest:
                furthest, by = end, key
            yield None
