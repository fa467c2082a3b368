"""Conditions that stand in a document more than once."""

from types import MappingProxyType
from typing import Any

import pytest

from app.engine.reading import Reading
from tests.builders import addressed, rule, ruleset, visitor
from tests.unit.engine.complaints import complaints

WRONG = {"context.x": {"$gte": 1}, "traits.y": {"$wrong": 1}}


def asking(*conditions: Any) -> list[dict[str, Any]]:
    return [rule(f"r{n}", audience={"condition": condition}) for n, condition in enumerate(conditions)]


def test_what_is_wrong_is_named_wherever_it_stands() -> None:
    found = complaints(rules=asking(WRONG, {"context.x": {"$gte": 1}}, WRONG))

    assert list(found) == [f"/rules/{n}/audience/condition/traits.y/$wrong" for n in (0, 2)]


def test_everything_wrong_in_a_condition_is_named_in_its_order() -> None:
    found = complaints(rules=asking({"$nope": 1, "context.x": 1, "traits.y": {"$gt": None}, "a..b": 1}))

    assert [pointer.removeprefix("/rules/0/audience/condition") for pointer in found] == [
        "/$nope",
        "/traits.y/$gt",
        "/a..b",
    ]


@pytest.mark.parametrize("wrong", [{1}, frozenset({1}), b"1", object()])
def test_what_json_does_not_have_is_wrong_beside_what_looks_like_it(wrong: object) -> None:
    found = complaints(rules=asking({"context.x": {"$in": [1]}}, {"context.x": {"$in": wrong}}))

    assert list(found) == ["/rules/1/audience/condition/context.x/$in"]


def test_a_number_that_is_not_finite_is_not_taken_for_null() -> None:
    found = complaints(rules=asking({"context.x": [None]}, {"context.x": [float("nan")]}))

    assert list(found) == ["/rules/1/audience/condition/context.x/0"]


def test_what_cannot_be_told_apart_is_read_each_time() -> None:
    asked = MappingProxyType({"$gt": 1})
    rules = ruleset(rules=asking({"context.x": asked}, {"context.x": asked}))

    assert addressed(rules, visitor(rules, context={"x": 2})) == ["r0", "r1"]


def test_equal_entries_of_many_conditions_are_the_same_conjuncts() -> None:
    reading = Reading()
    for n in range(3):
        entry = {"traits.deep": {"$in": ["a", "b"]}}
        assert list(reading.read(f"/{n}", {"context.x": n, **entry})) == []

    shared = {reading.conjuncts_at(f"/{n}")[1] for n in range(3)}
    own = {reading.conjuncts_at(f"/{n}")[0] for n in range(3)}
    assert (len(shared), len(own)) == (1, 3)


def test_it_notes_what_is_asked_for() -> None:
    reading = Reading()
    group = {"$or": [{"events.Order Completed.count": 1}, {"segments": {"$nin": ["a"]}}]}

    assert list(reading.read("", {**group, "segments": "b", "traits.x": {"$elemMatch": {"y": 1}}})) == []

    assert reading.paths == {"events.order_completed.count", "segments", "traits.x"}
    assert reading.segments == {"a", "b"}
