"""What a condition compares, listed in its order and each at its place."""

from types import MappingProxyType
from typing import Any

import pytest

from app.engine.comparisons import Comparison, comparisons_in, is_operator_object
from tests.unit.engine.judging import holds

CONDITION = {
    "a/b": "x",
    "$and": [{"c.d": {"$gt": 1, "$not": {"$lt": 9}}}, {"$nor": [{"e": None}]}],
    "$not": {"events.Page Viewed.count": {"$gte": 3}},
}


def test_comparisons_are_listed_in_order_and_each_at_its_place() -> None:
    assert list(comparisons_in(CONDITION, "/when")) == [
        Comparison(("a/b",), "$eq", "x", "/when/a~1b"),
        Comparison(("c", "d"), "$gt", 1, "/when/$and/0/c.d/$gt"),
        Comparison(("c", "d"), "$lt", 9, "/when/$and/0/c.d/$not/$lt"),
        Comparison(("e",), "$eq", None, "/when/$and/1/$nor/0/e"),
        Comparison(("events", "page_viewed", "count"), "$gte", 3, "/when/$not/events.Page Viewed.count/$gte"),
    ]


def test_documents_may_be_any_mapping() -> None:
    operators = MappingProxyType({"$in": ["x"], "$not": MappingProxyType({"$eq": "y"})})
    condition: Any = MappingProxyType({"$not": MappingProxyType({"a": operators})})

    assert [listed.operator for listed in comparisons_in(condition)] == ["$in", "$eq"]
    assert holds(condition, {"a": "z"})
    assert holds({"a": MappingProxyType({"b": 1})}, {"a": {"b": 1}})


def test_places_start_at_the_condition_where_nothing_else_is_said() -> None:
    assert [listed.pointer for listed in comparisons_in({"a": 1})] == ["/a"]


def test_what_is_wrong_hides_nothing_that_stands_beside_it() -> None:
    condition: Any = {5: 1, "$foo": 1, "$or": [None, {"a": {6: 1, "$gt": 1}}], "b": 2}

    assert [(*listed.path, listed.operator) for listed in comparisons_in(condition)] == [
        ("a", "$gt"),
        ("b", "$eq"),
    ]


@pytest.mark.parametrize("group", ["$and", "$or", "$nor"])
def test_groups_are_listed_to_a_depth_of_32(group: str) -> None:
    condition: Any = {"a": 1}
    for _ in range(32):
        condition = {group: [condition]}

    assert len(list(comparisons_in(condition))) == 1
    assert not list(comparisons_in({group: [condition]}))


def test_nothing_but_not_without_end_compares_no_element() -> None:
    endless: dict[str, Any] = {}
    endless["$not"] = endless

    assert not is_operator_object(endless)
