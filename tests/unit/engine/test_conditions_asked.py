"""What a condition asks for: its attributes, its operands, and where it may surprise."""

from typing import Any

import pytest

from app.engine.conditions import attributes_of, compile_condition, operands_of, warnings_of

EVERYWHERE = {
    "a": 1,
    "b.c": {"$gt": 1, "$lt": 3},
    "$and": [{"d": 1}, {"$or": [{"e": {"$not": {"$exists": True}}}]}],
    "$nor": ({"f": None},),
    "$not": {"events.Order Completed.sum_orderValue": {"$gt": 1}},
    "g": {"$elemMatch": {"inside": 1}},
    "h": {},
}


def test_attributes_are_listed_through_groups_and_not_from_inside_elements() -> None:
    listed = {"a", "b.c", "d", "e", "f", "g", "h", "events.order_completed.sum_order_value"}

    assert attributes_of(EVERYWHERE) == listed
    assert attributes_of({}) == frozenset()


@pytest.mark.parametrize(
    ("asked", "literals"),
    [
        ("vip", {"vip"}),
        (["vip", "new", 7, None], {"vip", "new"}),
        ({"$eq": "vip"}, {"vip"}),
        ({"$ne": "vip"}, {"vip"}),
        ({"$in": ["vip", "new"]}, {"vip", "new"}),
        ({"$nin": ("vip", "new")}, {"vip", "new"}),
        ({"$all": ["vip"], "$ini": ["New"], "$nini": ["a"], "$alli": ["b"]}, {"vip", "New", "a", "b"}),
        ({"$not": {"$in": ["vip"]}}, {"vip"}),
        ({"$not": {"$not": {"$eq": "vip"}}}, {"vip"}),
        ({"$elemMatch": {"$eq": "vip"}}, {"vip"}),
        ({"$elemMatch": {"$not": {"$in": ["vip"]}}}, {"vip"}),
        ({"$elemMatch": {"vip": "other"}}, set()),
        ({"$regex": "vip", "$gt": "vip", "$type": "string", "$size": {"$eq": 1}}, set()),
        ({"vip": "vip"}, set()),
        ({"$not": "vip"}, set()),
        (None, set()),
        ([["vip"]], set()),
    ],
)
def test_operands_are_what_an_attribute_is_compared_with_for_equality(asked: Any, literals: set[str]) -> None:
    assert operands_of({"segments": asked, "traits.x": "other"}, "segments") == literals
    assert operands_of({"$or": [{"$not": {"segments": asked}}]}, "segments") == literals


def nested(wrapper: str, document: Any, depth: int) -> Any:
    for _ in range(depth):
        document = {wrapper: document if wrapper in {"$not", "$elemMatch"} else [document]}
    return document


@pytest.mark.parametrize("groups", [0, 1, 16, 31, 32])
@pytest.mark.parametrize("group", ["$and", "$or", "$nor", "$not"])
def test_whatever_is_compiled_is_listed_however_deep_it_stands(group: str, groups: int) -> None:
    for wrapper in ("$not", "$elemMatch"):
        operators = nested(wrapper, {"$eq": "vip"}, 32 - groups)
        condition = nested(group, {"segments": operators}, groups)
        compile_condition(condition)

        assert attributes_of(condition) == {"segments"}
        assert operands_of(condition, "segments") == {"vip"}


def test_what_is_too_deep_to_be_compiled_is_not_listed() -> None:
    assert attributes_of(nested("$not", {"segments": "vip"}, 33)) == frozenset()
    assert operands_of({"segments": nested("$not", {"$eq": "vip"}, 33)}, "segments") == frozenset()
    assert operands_of({"segments": nested("$elemMatch", {"$eq": "vip"}, 33)}, "segments") == frozenset()


def test_operands_are_found_however_the_path_is_spelled() -> None:
    condition = {"events.orderCompleted.last_plan": "gold"}

    assert operands_of(condition, "events.Order Completed.last_plan") == {"gold"}
    assert operands_of(condition, "events.other.last_plan") == frozenset()


@pytest.mark.parametrize("operator", ["$lt", "$lte"])
@pytest.mark.parametrize(
    "path",
    ["traits.age", "traits.a.b", "events.survey.last_score", "events.survey.last_answer.score", "x.last_y"],
)
def test_less_than_warns_where_null_as_zero_surprises(path: str, operator: str) -> None:
    (warning,) = warnings_of({"$or": [{path: {operator: 3}}]}, pointer="/rules/0")

    assert warning.pointer == f"/rules/0/$or/0/{path}/{operator}"
    assert path in warning.message
    assert '{"$exists": true}' in warning.message


def test_less_than_warns_inside_not_too() -> None:
    assert [w.pointer for w in warnings_of({"traits.a": {"$not": {"$lt": 1}}})] == ["/traits.a/$not/$lt"]


@pytest.mark.parametrize(
    "condition",
    [
        {"traits.age": {"$lt": 3, "$exists": True}},
        {"$and": [{"traits.age": {"$exists": True}}, {"traits.age": {"$lt": 3}}]},
        {"traits.age": {"$gt": 3}},
        {"events.page_viewed.count": {"$lt": 3}},
        {"events.page_viewed.days_since": {"$lte": 3}},
        {"events.last_call_viewed.count": {"$lt": 3}, "events.Last Step.sum_value": {"$lte": 3}},
        {"context.hour": {"$lt": 3}},
        {"traits.scores": {"$elemMatch": {"$lt": 3}}},
        {"traits.tags": {"$size": {"$lt": 3}}},
        {"traits": {"$lt": 3}, "last_x": 1},
    ],
)
def test_less_than_is_silent_where_it_means_what_it_says(condition: dict[str, Any]) -> None:
    expected = (
        1 if "traits" in condition else 0
    )  # the whole of the traits is as unlikely a number as one of them

    assert len(warnings_of(condition)) == expected


def endless() -> Any:
    condition: dict[str, Any] = {"a": {"$lt": 1}}
    condition["$not"] = condition
    operators: dict[str, Any] = {"$eq": "x"}
    operators["$elemMatch"] = operators
    condition["b"] = {"$not": operators}
    return condition


@pytest.mark.parametrize(
    "condition",
    [
        *(None, 1, "a", [], {"$and": 1}, {"$or": [1, None]}, {"$not": []}, {5: 1}, {"a": {5: 1, "$gt": 1}}),
        *({"a": {"$elemMatch": 1}}, {"a": {"$not": 1}}, {"": 1}, {"$foo": 1}, {"events": 1}, endless()),
    ],
)
def test_what_is_wrong_in_a_condition_is_passed_over(condition: Any) -> None:
    assert all(type(path) is str for path in attributes_of(condition))
    assert operands_of(condition, "b") <= {"x"}
    assert list(warnings_of(condition)) == []
