"""An attribute against a number in one closure, which holds where the two it replaces do."""

import itertools
from typing import Any

import pytest

from app.engine.conditions import compile_condition
from app.engine.event_lookup import EventLookup
from app.engine.orderings import COMPARISONS, ordering
from app.engine.paths import Path
from app.engine.places import Check, Place
from app.engine.profile import Counter
from app.engine.thresholds import threshold
from tests.unit.engine.judging import Computed, Strange

VALUES: tuple[Any, ...] = (
    *(-1, 0, 2, 3, 4, 2.5, 3.0, float("nan"), float("inf"), 10**400),
    *(None, True, False, "3", " 4.2 ", "1_000", "x", "", [4], {"a": 4}, Strange()),
)
BOUNDS = (-1, 0, 3, 2.5, 10**400)


def both(path: Path, name: str, bound: float) -> tuple[Check, Check]:
    """One closure, and the two that it replaces."""
    check = ordering(COMPARISONS[name], bound, Place("", []))
    found = threshold(path, f"${name}", bound, check)
    assert found is not None
    return found, path.bind(check)


@pytest.mark.parametrize("name", COMPARISONS)
def test_an_attribute_two_steps_away_is_compared_as_it_always_was(name: str) -> None:
    for value, bound in itertools.product(VALUES, BOUNDS):
        one, two = both(Path(("traits", "score")), name, bound)
        for visitor in (
            {"traits": {"score": value}},
            {"traits": Computed({"score": value})},
            {"traits": value},
            {},
        ):
            assert one(visitor, None) is two(visitor, None), (value, bound)


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("attribute", ["last_size", "sum_size", "count", "first_at", "count_7d"])
def test_what_is_known_of_events_is_compared_as_it_always_was(name: str, attribute: str) -> None:
    path = Path(("events", "bought", attribute))
    for value, bound in itertools.product(VALUES, BOUNDS):
        one, two = both(path, name, bound)
        bought = Counter(count=3, recent=[1, 2, 3], latest={"size": value}, sums={"size": 2.5})
        for counters in ({"bought": bought}, {}):
            visitor = {"events": EventLookup(counters, 4)}
            assert one(visitor, None) is two(visitor, None), (value, bound)


@pytest.mark.parametrize("name", COMPARISONS)
def test_events_in_a_dict_are_compared_too(name: str) -> None:
    one, two = both(Path(("events", "bought", "count")), name, 3)

    for value in VALUES:
        visitor = {"events": {"bought": {"count": value}}}
        assert one(visitor, None) is two(visitor, None), value


@pytest.mark.parametrize(
    ("path", "operator", "operand"),
    [
        (Path(("traits", "score")), "$eq", 3),
        (Path(("traits", "score")), "$in", [3]),
        (Path(("traits", "score")), "$gte", "3"),
        (Path(("traits", "score")), "$gte", float("nan")),
        (Path(("score",)), "$gte", 3),
        (Path(("context", "url", "length")), "$gte", 3),
        (Path(("events", "bought", "days_since"), 36_500), "$gte", 3),
        (Path(("a", "b", "c", "d")), "$gte", 3),
        (Path(()), "$gte", 3),
    ],
)
def test_any_other_pair_is_left_as_it_is(path: Path, operator: str, operand: object) -> None:
    assert threshold(path, operator, operand, lambda *_: True) is None


def test_a_condition_needs_no_instant_for_it() -> None:
    assert compile_condition({"traits.score": {"$gte": 3}})({"traits": {"score": 3}})
    assert compile_condition({"events.bought.count": {"$gt": 3}})({"events": {"bought": {"count": 4}}})
