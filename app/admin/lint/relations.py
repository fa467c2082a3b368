"""How the attributes of one visitor hang together."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.attribute import TEXT, Attribute
from app.admin.lint.happened import Happened, is_age
from app.admin.lint.texts import Formula
from app.engine.event_attributes import NEVER_DAYS
from app.engine.instants import fixed_instant

Attributes = Mapping[tuple[str, ...], Attribute]

_WINDOW = re.compile(r"count_(\d+)d")


def relations_of(attributes: Attributes, now: Formula) -> Iterator[Formula]:
    """Say what is so of every visitor: only what is always true, and not all of that.

    `now` is in microseconds. That the clock of whoever sends events may be minutes ahead is left aside.
    """
    yield from _of_objects(attributes)
    by_event: dict[str, dict[str, Attribute]] = {}
    for path, attribute in attributes.items():
        match path:
            case ("events", name, what):
                by_event.setdefault(name, {})[what] = attribute
    happened = {name: Happened(name, asked.get("count"), now) for name, asked in by_event.items()}
    for name, asked in by_event.items():
        yield from _of_event(asked, happened[name])
    yield from _of_profile(attributes, list(happened.values()), now)


def without_memory(attributes: Attributes) -> Iterator[Formula]:
    """Say that nothing is remembered of a visitor."""
    for path, attribute in attributes.items():
        match path:
            case ("events", _, "days_since"):
                yield attribute.number == NEVER_DAYS
            case ("profile", "is_new"):
                yield attribute.pick == attribute.known.index(True)
            case ("profile", "age_days") | ("events", _, _) if not attribute.domain.bare:
                yield attribute.number == 0
            case ("traits" | "events" | "profile", _, *_):
                yield attribute.is_missing()


def _of_objects(attributes: Attributes) -> Iterator[Formula]:
    """What lies inside another attribute is there only where that one is an object."""
    for path, inner in attributes.items():
        for length in range(1, len(path)):
            outer = attributes.get(path[:length])
            if outer is not None:
                yield z3.Or(inner.is_missing(), outer.may_hold_others())


def _of_profile(attributes: Attributes, events: list[Happened], now: Formula) -> Iterator[Formula]:
    """Whoever did something was known from then on; age is in whole days."""
    is_new, age = attributes.get(("profile", "is_new")), attributes.get(("profile", "age_days"))
    if is_new is None and age is None:
        return
    since = z3.Int("known since") * 1_000
    yield from (z3.Implies(event.ever, since <= event.first) for event in events)
    if is_new is not None:
        yield (is_new.pick == is_new.known.index(True)) == (since >= now)
    if age is not None:
        yield z3.If(since < now, is_age(age.number, now - since), age.number == 0)


def _of_event(asked: Mapping[str, Attribute], event: Happened) -> Iterator[Formula]:
    """Fewer days hold no more events, and what never happened has no traces."""
    yield from event.facts()
    windows = sorted((int(m[1]), a.number) for name, a in asked.items() if (m := _WINDOW.fullmatch(name)))
    for days, number in windows:
        yield from event.within(days, number)
    yield from (fewer <= more for (_, fewer), (_, more) in pairwise(windows))
    for name, attribute in asked.items():
        if name == "days_since":
            yield event.days_since(attribute.number)
        elif name.startswith("count_since_"):
            yield attribute.number <= event.count
        elif name.startswith("sum_"):
            yield z3.Or(event.ever, attribute.number == 0)
        elif name in {"first_at", "last_at"}:
            yield event.ever == z3.Not(attribute.is_missing())
            yield from _is_at(attribute, event.first if name == "first_at" else event.last)
        elif name.startswith("last_"):
            yield z3.Or(event.ever, attribute.is_missing())


def _is_at(attribute: Attribute, instant: Formula) -> Iterator[Formula]:
    """Say that the attribute, where there is one, is this instant."""
    yield z3.Implies(attribute.pick == TEXT, attribute.instant == instant)
    for place, value in enumerate(attribute.known):
        if type(value) is str:
            yield z3.Implies(attribute.pick == place, instant == fixed_instant(value))
