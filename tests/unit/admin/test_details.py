from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.admin.details import LONGEST, MOST, Details, details_of
from app.admin.difference import difference

Document = dict[str, Any]


def told(before: Document, after: Document) -> Details:
    return details_of(difference(before, after))


def of_rule(before: Document, after: Document) -> list[Any]:
    """Tell how one rule differs."""
    details = told({"rules": [{"key": "r", **before}]}, {"rules": [{"key": "r", **after}]})
    return [*details.resources.get("rules/r", [])]


def test_a_field_that_says_something_else_is_named_with_both() -> None:
    assert of_rule({"priority": 500}, {"priority": 600}) == [
        {"pointer": "/priority", "before": 500, "after": 600}
    ]


def test_null_is_not_nothing() -> None:
    assert of_rule({"note": None}, {}) == [{"pointer": "/note", "before": None}]
    assert of_rule({}, {"note": None}) == [{"pointer": "/note", "after": None}]


@pytest.mark.parametrize(("was", "now"), [(1, True), (1, 1.0), (0, False), ("1", 1), ([], {}), ({}, None)])
def test_to_the_type_unlike_in_python(was: Any, now: Any) -> None:
    (detail,) = of_rule({"x": was}, {"x": now})
    assert detail["before"] is was
    assert detail["after"] is now


def test_it_goes_down_into_objects() -> None:
    before = {"audience": {"condition": {"a/b": {"$gte": 1}, "c": 1}}}
    after = {"audience": {"condition": {"a/b": {"$gte": 2}, "c": 1}}}
    assert of_rule(before, after) == [{"pointer": "/audience/condition/a~1b/$gte", "before": 1, "after": 2}]


def test_what_has_keys_is_compared_by_key() -> None:
    before = {"arms": [{"key": "a", "weight": 1}, {"key": "b", "weight": 1}]}
    after = {"arms": [{"key": "new"}, {"key": "b", "weight": 2}]}
    assert of_rule(before, after) == [
        {"pointer": "/arms/0", "before": {"key": "a", "weight": 1}},
        {"pointer": "/arms/0", "after": {"key": "new"}},
        {"pointer": "/arms/1/weight", "before": 1, "after": 2},
    ]


def test_an_order_that_is_all_that_differs_is_told_by_the_keys() -> None:
    before = {"arms": [{"key": "a"}, {"key": "b"}]}
    after = {"arms": [{"key": "b"}, {"key": "a"}]}
    assert of_rule(before, after) == [{"pointer": "/arms", "before": ["a", "b"], "after": ["b", "a"]}]


def test_other_lists_are_compared_by_place_where_they_are_as_long_and_else_as_a_whole() -> None:
    assert of_rule({"x": [1, 2]}, {"x": [1, 3]}) == [{"pointer": "/x/1", "before": 2, "after": 3}]
    assert of_rule({"x": [1]}, {"x": [0, 1]}) == [{"pointer": "/x", "before": [1], "after": [0, 1]}]
    doubled = [{"key": "a"}, {"key": "a"}]
    assert of_rule({"x": doubled}, {"x": []}) == [{"pointer": "/x", "before": doubled, "after": []}]


def test_what_is_new_or_gone_is_told_as_a_whole() -> None:
    details = told({"rules": [{"key": "old"}]}, {"site": {}, "rules": [{"key": "new"}]})
    assert details.resources == {
        "rules/old": [{"pointer": "", "before": {"key": "old"}}],
        "site": [{"pointer": "", "after": {}}],
        "rules/new": [{"pointer": "", "after": {"key": "new"}}],
    }


def test_a_long_value_is_told_by_its_beginning() -> None:
    (detail,) = of_rule({"note": "short"}, {"note": "x" * 1_000})
    assert detail["before"] == "short"
    assert detail["after"] == '"' + "x" * (LONGEST - 1) + "…"
    assert detail["shortened"] == ["after"]
    (detail,) = of_rule({"note": "x" * 1_000}, {})
    assert (detail["pointer"], detail["shortened"]) == ("/note", ["before"])


def test_there_are_never_more_than_people_read() -> None:
    rules = [{"key": f"r{number}"} for number in range(MOST)]
    just = told({}, {"rules": rules})
    assert (len(just.resources), just.cut) == (MOST, False)
    over = told({}, {"rules": [*rules, {"key": "one more"}]})
    assert (len(over.resources), over.cut) == (MOST, True)
    within = told({"site": {}}, {"site": {f"f{number}": 1 for number in range(MOST + 1)}})
    assert (len(within.resources["site"]), within.cut) == (MOST, True)


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([1.0, "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
        | st.lists(
            st.fixed_dictionaries({"key": st.sampled_from("xyz")}, optional={"a": inner}),
            unique_by=lambda each: each["key"],
            max_size=3,
        )
    ),
    max_leaves=8,
)
resources = st.lists(
    st.fixed_dictionaries({"key": st.sampled_from("pqr"), "value": values}),
    unique_by=lambda resource: resource["key"],
)


@given(resources, resources)
def test_details_are_of_exactly_what_is_added_changed_or_removed(before: list[Any], after: list[Any]) -> None:
    change = difference({"rules": before}, {"rules": after})
    named = [*change.added, *change.removed, *(now for _, now in change.changed)]
    assert set(details_of(change).resources) == {resource.name for resource in named}
