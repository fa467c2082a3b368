"""What one unit's events are worth to a metric."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.engine.conditions import Predicate, compile_condition
from app.engine.lookup import Lookup
from app.engine.model import Metric
from app.engine.names import snake_case
from app.engine.problems import Problems
from app.profiles.count import number_of


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


class Measure(msgspec.Struct, frozen=True):
    """A metric made ready: which events count, what each adds (a property, else 1), and how much at most."""

    event: str
    window_s: float
    trusted: bool
    where: Predicate | None
    property_name: str | None
    at_most: float

    @property
    def reads_properties(self) -> bool:
        """Whether events must come with their properties."""
        return self.where is not None or self.property_name is not None

    def worth_of(self, event: Happened, first_at: datetime) -> float:
        """Answer what one event adds to its unit's x: 0 for one that does not count."""
        if event.name != self.event or event.after_s > self.window_s or (self.trusted and not event.trusted):
            return 0
        if self.where is not None:
            # A duration in a condition is counted back from the event: waiting must not change a figure.
            at = first_at + timedelta(seconds=event.after_s)
            if not self.where({"properties": _Properties(event.properties)}, at):
                return 0
        return 1 if self.property_name is None else number_of(event.properties.get(self.property_name))

    def value_of(self, total: float) -> float:
        """Answer x for a unit whose events are worth so much together."""
        return min(total, self.at_most)


def window_of(metric: Metric) -> timedelta:
    """How long after its first assignment a unit's events count."""
    return timedelta(days=metric.window_days)


def measure_of(metric: Metric) -> Measure | str:
    """Make a metric ready, or say why it cannot be measured."""
    if metric.kind not in {"conversion", "count", "mean"}:
        return f"metrics of kind {metric.kind} are not measured by this version"
    if metric.kind == "mean" and metric.property is None:
        return "a mean needs a property to add up, and this metric names none"
    try:
        where = compile_condition(metric.where, pointer="/where") if metric.where else None
    except Problems as error:
        return f"it cannot be told which events count: {error}"
    return Measure(
        event=snake_case(metric.event),
        window_s=window_of(metric).total_seconds(),
        trusted=metric.trusted,
        where=where,
        property_name=snake_case(metric.property) if metric.kind == "mean" and metric.property else None,
        at_most=1 if metric.kind == "conversion" else math.inf,
    )
