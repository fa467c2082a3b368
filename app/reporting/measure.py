"""What one unit's events are worth to a metric: one number for each column of it."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.engine.conditions import Predicate, compile_condition
from app.engine.lookup import Lookup
from app.engine.metrics import STAGES, journey_of, lacking_in
from app.engine.model import Document, Metric
from app.engine.names import snake_case
from app.engine.problems import Problems
from app.profiles.count import amount_of

DAY_S = 86_400.0
# What a change of stage is called where it is counted as events are.
STAGE_EVENT = "$stage"
# Of these a unit has one or none.
ONCE = frozenset({"conversion", "retention", "stage_reached", "stage_progressed"})
# Instants are told to the microsecond: strictly before the first assignment is at most this.
_JUST_BEFORE_S = -1e-6


class Happened(msgspec.Struct, frozen=True, array_like=True):
    """An event of a unit; `after_s` is how many seconds after the unit's first assignment it was."""

    name: str
    after_s: float
    trusted: bool
    properties: dict[str, Any]


class _Properties(Lookup):
    """The properties of an event for a condition to ask: stored in snake_case, found in any spelling."""

    __slots__ = ("_stored",)

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored

    def get(self, key: str, /) -> object:
        return self._stored.get(snake_case(key))


class Column(msgspec.Struct, frozen=True):
    """One number of a unit: which events count, what each adds (a property, else 1), and how much at most.

    They count from `since_s` (exclusive) to `until_s` (inclusive) after the first assignment.
    """

    event: str
    since_s: float
    until_s: float
    trusted: bool
    where: Predicate | None
    property_name: str | None
    at_most: float

    @property
    def reads_properties(self) -> bool:
        """Whether events must come with their properties."""
        return self.where is not None or self.property_name is not None

    def worth_of(self, event: Happened, first_at: datetime) -> float:
        """Answer what one event adds: 0 for one that does not count, or whose number counts as none."""
        if event.name != self.event or not self.since_s < event.after_s <= self.until_s:
            return 0
        if self.trusted and not event.trusted:
            return 0
        if self.where is not None:
            # A duration in a condition is counted back from the event: waiting must not change a figure.
            at = first_at + timedelta(seconds=event.after_s)
            if not self.where({"properties": _Properties(event.properties)}, at):
                return 0
        if self.property_name is None:
            return 1
        return amount_of(event.properties.get(self.property_name))


class Measure(msgspec.Struct, frozen=True):
    """A metric made ready: the column of x, that of a ratio's denominator, and those of their covariates.

    A covariate is the same column over `covariate_days` before the first assignment; without any event it
    is 0. Where the metric names a currency, `elsewhere` counts the events that nothing else keeps out. What
    it counts rests on the metric, and on what `journey` says of the one it asks about: its key, and its
    stages where their order counts.
    """

    columns: tuple[Column, ...]
    is_ratio: bool
    has_covariate: bool
    elsewhere: Column | None = None
    journey: tuple[str, ...] = ()

    @property
    def is_share(self) -> bool:
        """Whether x is 1 or 0, so that its mean is a share of the units."""
        return self.columns[0].at_most == 1

    @property
    def window(self) -> timedelta:
        """How long after its first assignment a unit's events count."""
        return timedelta(seconds=max(column.until_s for column in self.columns))

    @property
    def before(self) -> timedelta:
        """How long before it they do."""
        return timedelta(seconds=max(0.0, *(-column.since_s for column in self.columns)))


def measure_of(metric: Metric, document: Document) -> Measure | str:
    """Make a metric ready, or say why it cannot be measured."""
    for lacking in lacking_in(metric):
        return lacking
    try:
        where = compile_condition(metric.where, pointer="/where") if metric.where else None
        outcomes = tuple(_outcomes(metric, where, document))
        elsewhere = _elsewhere(metric, outcomes[0])
    except Problems as error:
        return f"it cannot be told which events count: {error}"
    covariates = _before(outcomes, metric.covariate_days) if metric.covariate_days else ()
    journey = _told_of_journey(metric, document) if metric.kind in STAGES else ()
    return Measure((*outcomes, *covariates), metric.kind == "ratio", bool(covariates), elsewhere, journey)


def _elsewhere(metric: Metric, counted: Column) -> Column | None:
    """Make the column that counts events in other currencies than the metric's; None where it names none."""
    asked = {path: wanted for path, wanted in metric.where.items() if _is_currency(path)}
    if not asked or metric.kind in STAGES:
        return None
    rest = {path: wanted for path, wanted in metric.where.items() if path not in asked}
    is_meant, is_ours = (compile_condition(part, pointer="/where") for part in (rest, asked))

    def is_foreign(seen: Mapping[str, Any], at: datetime) -> bool:
        return is_meant(seen, at) and not is_ours(seen, at)

    return msgspec.structs.replace(counted, where=is_foreign, property_name=None, at_most=math.inf)


def _is_currency(path: str) -> bool:
    of, _, name = path.partition(".")
    return of == "properties" and snake_case(name) == "currency"


def _outcomes(metric: Metric, where: Predicate | None, document: Document) -> Iterator[Column]:
    """Make the column of x, and of a ratio that of y. `where` tells which events x counts."""
    begins_days = metric.after_days if metric.kind == "retention" else 0
    usual = Column(
        event=snake_case(metric.event or ""),
        since_s=begins_days * DAY_S,
        until_s=(begins_days + metric.window_days) * DAY_S,
        trusted=metric.trusted,
        where=where,
        property_name=None,
        at_most=1 if metric.kind in ONCE else math.inf,
    )
    if metric.kind in STAGES:
        yield msgspec.structs.replace(usual, event=STAGE_EVENT, where=_moves(metric, document), trusted=False)
    else:
        name = metric.property if metric.kind in {"mean", "ratio"} else None
        yield msgspec.structs.replace(usual, property_name=snake_case(name) if name else None)
    if metric.denominator is not None and metric.kind == "ratio":
        event, name = metric.denominator.event, metric.denominator.property
        below = msgspec.structs.replace(usual, event=snake_case(event), where=None)
        yield msgspec.structs.replace(below, property_name=snake_case(name) if name else None)


def _moves(metric: Metric, document: Document) -> Predicate:
    """Make what tells whether a change of stage is one that counts."""
    journey = journey_of(document, metric)
    key = journey.key if journey is not None else metric.journey
    places = {stage.key: place for place, stage in enumerate(journey.stages if journey is not None else ())}

    def counts(seen: Mapping[str, Any], _now: datetime) -> bool:
        move = seen["properties"]
        if move.get("journey") != key:
            return False
        if metric.kind == "stage_reached":
            return bool(move.get("stage") == metric.stage)
        return places.get(move.get("stage"), 0) > places.get(move.get("stood_at"), 0)

    return counts


def _told_of_journey(metric: Metric, document: Document) -> tuple[str, ...]:
    journey = journey_of(document, metric)
    if journey is None:
        return ()
    stages = journey.stages if metric.kind == "stage_progressed" else ()
    return (journey.key, *(stage.key for stage in stages))


def _before(columns: tuple[Column, ...], days: int) -> tuple[Column, ...]:
    return tuple(
        msgspec.structs.replace(column, since_s=-days * DAY_S, until_s=_JUST_BEFORE_S) for column in columns
    )
