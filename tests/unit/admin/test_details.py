from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.admin.details import LONGEST, MOST_FIELDS, Details, FieldChange, details_of
from app.admin.difference import difference

Document = dict[str, Any]


def details(before: Document, after: Document) -> Details:
    return details_of(difference(before, after))


def changes(before: Document, after: Document) -> list[tuple[str, Any, Any]]:
    """List what changed of one rule."""
    [told] = details({"rules": [{"key": "r", **before}]}, {"rules": [{"key": "r", **after}]}).resources
    assert told.name == "rules/r"
    return [(field.pointer, field.before, field.after) for field in told.fields]


def test_a_field_is_told_with_what_it_was_and_what_it_is() -> None:
    assert changes({"priority": 500}, {"priority": 700}) == [("/rules/0/priority", 500, 700)]


def test_a_field_that_comes_or_goes_has_null_on_the_other_side() -> None:
    assert changes({"note": "old"}, {"owner": "new"}) == [
        ("/rules/0/note", "old", None),
        ("/rules/0/owner", None, "new"),
    ]


def test_null_is_not_the_same_as_nothing() -> None:
    assert changes({"cap": None}, {}) == [("/rules/0/cap", None, None)]


def test_objects_are_compared_field_by_field() -> None:
    before = {"audience": {"condition": {"a/b": 1, "c": 2}}}
    after = {"audience": {"condition": {"a/b": 3, "c": 2}}}
    assert changes(before, after) == [("/rules/0/audience/condition/a~1b", 1, 3)]


def test_one_and_true_are_two_things() -> None:
    assert changes({"x": 1}, {"x": True}) == [("/rules/0/x", 1, True)]


def test_parts_that_have_keys_are_found_wherever_they_stand() -> None:
    before = {"variants": [{"key": "a", "n": 1}, {"key": "b", "n": 2}]}
    after = {"variants": [{"key": "new"}, {"key": "a", "n": 1}, {"key": "b", "n": 3}]}
    assert changes(before, after) == [
        ("/rules/0/variants/2/n", 2, 3),
        ("/rules/0/variants/0", None, {"key": "new"}),
    ]


def test_a_part_that_is_gone_is_named_by_its_old_place() -> None:
    before = {"variants": [{"key": "a"}, {"key": "b"}]}
    assert changes(before, {"variants": [{"key": "a"}]}) == [("/rules/0/variants/1", {"key": "b"}, None)]


def test_another_order_of_parts_is_told_by_their_keys() -> None:
    before, after = {"arms": [{"key": "a"}, {"key": "b"}]}, {"arms": [{"key": "b"}, {"key": "a"}]}
    assert changes(before, after) == [("/rules/0/arms", ["a", "b"], ["b", "a"])]


def test_lists_without_keys_are_told_whole() -> None:
    assert changes({"placements": ["p"]}, {"placements": ["p", "q"]}) == [
        ("/rules/0/placements", ["p"], ["p", "q"])
    ]


def test_resources_that_come_or_go_are_told_whole() -> None:
    told = details({"segments": [{"key": "s"}]}, {"site": {"timezone": "UTC"}})
    assert [(each.name, each.fields) for each in told.resources] == [
        ("segments/s", [FieldChange(pointer="/segments/0", before={"key": "s"})]),
        ("site", [FieldChange(pointer="/site", after={"timezone": "UTC"})]),
    ]
    assert not told.cut


def test_of_a_long_value_the_beginning_is_told() -> None:
    [(_, before, after)] = changes({"note": "short"}, {"note": "x" * 10_000})
    assert before == "short"
    assert after == '"' + "x" * (LONGEST - 1) + "…"


def test_of_very_many_fields_the_first_are_told() -> None:
    keys = [f"k{number}" for number in range(MOST_FIELDS + 1)]
    told = details({}, {"segments": [{"key": key} for key in keys]})
    assert told.cut
    assert [each.name for each in told.resources] == [f"segments/{key}" for key in keys[:-1]]


def test_just_as_many_are_not_cut() -> None:
    told = details({}, {"segments": [{"key": f"k{number}"} for number in range(MOST_FIELDS)]})
    assert (len(told.resources), told.cut) == (MOST_FIELDS, False)


def test_the_fields_of_one_resource_may_be_too_many() -> None:
    before = {"segments": [{"key": "s"}]}
    after = {"segments": [{"key": "s", **{f"f{n}": n for n in range(MOST_FIELDS + 5)}}]}
    [told] = details(before, after).resources
    assert len(told.fields) == MOST_FIELDS
    assert details(before, after).cut


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(values, values)
def test_there_are_details_exactly_where_something_differs(before: Any, after: Any) -> None:
    old, new = {"rules": [{"key": "r", "x": before}]}, {"rules": [{"key": "r", "x": after}]}
    assert bool(details(old, new).resources) == (not difference(old, new).is_empty)
