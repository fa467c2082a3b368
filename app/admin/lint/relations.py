"""How the attributes of one visitor hang together."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.attribute import Attribute, Formula
from app.engine.event_attributes import NEVER_DAYS

Attributes = Mapping[tuple[str, ...], Attribute]

_WINDOW = re.compile(r"count_(\d+)d")


def relations_of(attributes: Attributes) -> Iterator[Formula]:
    """Say what is so of every visitor: only what is always true, and not all of that."""
    yield from _of_objects(attributes)
    by_event: dict[str, dict[str, Attribute]] = {}
    for path, attribute in attributes.items():
        match path:
            case ("events", name, what):
                by_event.setdefault(name, {})[what] = attribute
    for asked in by_event.values():
        yield from _of_event(asked)
    is_new, age = attributes.get(("profile", "is_new")), attributes.get(("profile", "age_days"))
    if is_new is not None and age is not None:
        yield z3.Implies(is_new.pick == is_new.known.index(True), age.number == 0)


def _of_objects(attributes: Attributes) -> Iterator[Formula]:
    """What lies inside another attribute is there only where that one is an object."""
    for path, inner in attributes.items():
        for length in range(1, len(path)):
            outer = attributes.get(path[:length])
            if outer is not None:
                yield z3.Or(inner.is_missing(), outer.may_hold_others())


def _of_event(asked: Mapping[str, Attribute]) -> Iterator[Formula]:
    """Fewer days hold no more events, and what never happened has no traces."""
    windows = sorted((int(m[1]), a.number) for name, a in asked.items() if (m := _WINDOW.fullmatch(name)))
    counts = [number for _, number in windows]
    total = asked.get("count")
    if total is not None:
        counts.append(total.number)
        yield from (a.number <= total.number for name, a in asked.items() if name.startswith("count_since_"))
    yield from (fewer <= more for fewer, more in pairwise(counts))
    days_since = asked.get("days_since")
    if days_since is not None:
        yield from (z3.Implies(n >= 1, days_since.number < days) for days, n in windows)
    happened = list(_happened(asked))
    yield from (z3.Implies(number >= 1, did) for number in counts for did in happened)
    if happened:
        for name, attribute in asked.items():
            if name.startswith("sum_"):
                yield from (z3.Implies(z3.Not(did), attribute.number == 0) for did in happened)
            elif name == "first_at" or name.startswith("last_"):
                yield from (z3.Implies(z3.Not(did), attribute.is_missing()) for did in happened)
        yield from (one == happened[0] for one in happened[1:])


def _happened(asked: Mapping[str, Attribute]) -> Iterator[Formula]:
    """List what says whether the event ever happened."""
    if "count" in asked:
        yield asked["count"].number >= 1
    if "days_since" in asked:
        yield asked["days_since"].number < NEVER_DAYS
    yield from (z3.Not(asked[name].is_missing()) for name in ("first_at", "last_at") if name in asked)
