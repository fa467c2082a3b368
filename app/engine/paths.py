"""Dotted paths into what is known of a visitor."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.engine.counters import reader_of
from app.engine.event_attributes import NEVER_DAYS, Kind, kind_of, normalized
from app.engine.event_lookup import NEVER, EventLookup
from app.engine.lookup import Attributes, Lookup
from app.engine.places import Check, Place
from app.engine.problems import shown

MISSING = object()
"""What stands for a missing attribute where missing and null are told apart."""


class Path:
    """Where a condition takes its value from; without any parts it is the value itself.

    `never` stands in for a missing value. `kind` is what any value there is, where that is known.
    """

    __slots__ = ("kind", "never", "parts")

    def __init__(self, parts: Sequence[str], never: object = None, kind: Kind | None = None) -> None:
        self.parts = tuple(parts)
        self.never = never
        self.kind = kind

    def bind(self, check: Check) -> Check:
        """Compile a check of the value at this path; what is missing is None, or the value of `never`."""
        check = self._with_default(check, None)
        if not self.parts:
            return check
        # Most paths have two or three steps, and this is where a decision spends its time.
        unrolled = _UNROLLED.get(len(self.parts))
        return unrolled(*self.parts, check) if unrolled is not None else _steps(self.parts, check)

    def bind_strictly(self, check: Check) -> Check:
        """Compile a check that tells missing (MISSING) from null (None)."""
        parts, check = self.parts, self._with_default(check, MISSING)

        def holds(attributes: Attributes, now: datetime | None = None) -> bool:
            return check(_value_at(attributes, parts), now)

        return holds

    def reader(self) -> Callable[[Attributes], Any]:
        """Give what finds the value at this path, or what `bind` takes for it where it is missing."""
        if self.parts[:1] == ("events",) and len(self.parts) == 3:  # noqa: PLR2004 - such as events.order.count
            return self._event_reader()
        if self.never is not None or len(self.parts) not in _READERS:
            # What is bound to a path needs no instant.
            bound: Callable[..., Any] = self.bind(_value)
            return bound
        return _READERS[len(self.parts)](*self.parts)

    def _event_reader(self) -> Callable[[Attributes], Any]:
        _, name, attribute = self.parts
        read, walk = reader_of(attribute), self.bind(_value)

        def value_of(attributes: Attributes) -> object:
            events = attributes.get("events")
            if type(events) is EventLookup:
                return read(events.counters.get(name, NEVER), events.now_ms)
            return walk(attributes, None)

        return value_of

    def _with_default(self, check: Check, missing: object) -> Check:
        never = self.never
        if never is None:
            return check
        return lambda value, now: check(never if value is missing else value, now)


ITSELF = Path(())
"""The path of a value that is at hand: an element, or the length of an array."""


def _one_step(only: str, check: Check) -> Check:
    def holds(attributes: Attributes, now: datetime | None = None) -> bool:
        return check(attributes.get(only), now)

    return holds


def _two_steps(first: str, second: str, check: Check) -> Check:
    def holds(attributes: Attributes, now: datetime | None = None) -> bool:
        value: Any = attributes.get(first)
        if type(value) is dict or isinstance(value, Lookup):
            return check(value.get(second), now)
        return check(None, now)

    return holds


def _three_steps(first: str, second: str, third: str, check: Check) -> Check:
    walked = _three_walked(first, second, third, check)
    return walked if first != "events" else _of_event(second, third, check, walked)


def _of_event(name: str, attribute: str, check: Check, walked: Check) -> Check:
    """Read a counter without a step in between where the events are a visitor's, as they are in decisions."""
    read = reader_of(attribute)

    def holds(attributes: Attributes, now: datetime | None = None) -> bool:
        events = attributes.get("events")
        if type(events) is EventLookup:
            return check(read(events.counters.get(name, NEVER), events.now_ms), now)
        return walked(attributes, now)

    return holds


def _three_walked(first: str, second: str, third: str, check: Check) -> Check:
    def holds(attributes: Attributes, now: datetime | None = None) -> bool:
        value: Any = attributes.get(first)
        if type(value) is dict or isinstance(value, Lookup):
            value = value.get(second)
            if type(value) is dict or isinstance(value, Lookup):
                return check(value.get(third), now)
        return check(None, now)

    return holds


_UNROLLED: Mapping[int, Callable[..., Check]] = {1: _one_step, 2: _two_steps, 3: _three_steps}


def _value(value: Any, _now: object) -> Any:
    return value


def _read_one(only: str) -> Callable[[Attributes], Any]:
    return lambda attributes: attributes.get(only)


def _read_two(first: str, second: str) -> Callable[[Attributes], Any]:
    def read(attributes: Attributes) -> object:
        value: Any = attributes.get(first)
        return value.get(second) if type(value) is dict or isinstance(value, Lookup) else None

    return read


_READERS: Mapping[int, Callable[..., Callable[[Attributes], Any]]] = {1: _read_one, 2: _read_two}


def _steps(parts: Sequence[str], check: Check) -> Check:
    first, *rest = parts

    def holds(attributes: Attributes, now: datetime | None = None) -> bool:
        value: Any = attributes.get(first)
        for part in rest:
            if type(value) is dict or isinstance(value, Lookup):
                value = value.get(part)
            else:
                return check(None, now)
        return check(value, now)

    return holds


def _value_at(attributes: object, parts: Sequence[str]) -> object:
    value: Any = attributes
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, Lookup):
            # A lookup cannot say null.
            value = value.get(part)
            value = MISSING if value is None else value
        else:
            return MISSING
    return value


def path_of(key: str, place: Place) -> Path:
    """Read a key of a condition as a path; one that cannot be asked for is refused."""
    parts = tuple(key.split(".")) if place.in_element else normalized(key)
    if "" in parts:
        place.refuse(f"{shown(key)} is no path: say it like traits.plan.tier, without empty parts")
        return ITSELF
    if place.in_element or parts[0] != "events":
        return Path(parts)
    return Path(parts, NEVER_DAYS if parts[2:] == ("days_since",) else None, kind_of(parts, place))
