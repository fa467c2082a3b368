from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.admin.difference import FIELDS, difference, document_of, resources_of
from app.storage.documents import SINGLES

Document = dict[str, Any]

resources = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from("abcde"), "value": st.sampled_from([0, 1, True, 1.0, None])}
    ),
    unique_by=lambda resource: resource["key"],
    min_size=1,
)
documents = st.fixed_dictionaries(
    {},
    optional={field: st.just({}) if field in SINGLES else resources for field in FIELDS},
)


def rules(*keys: str) -> Document:
    return {"rules": [{"key": key} for key in keys]}


def test_what_is_new_is_named_by_its_place_in_the_later_document() -> None:
    changes = difference(rules("a", "b"), rules("a", "x", "b")).pointers()
    assert changes.added == ["/rules/1"]
    assert (changes.changed, changes.removed, changes.reordered) == ([], [], [])


def test_what_is_gone_is_named_by_its_place_in_the_earlier_document() -> None:
    assert difference(rules("a", "b"), rules("a")).pointers().removed == ["/rules/1"]


def test_what_says_something_else_is_changed() -> None:
    before = {"site": {"timezone": "UTC"}, **rules("a", "b")}
    after = {"site": {}, "rules": [{"key": "b", "note": "!"}, {"key": "a"}]}
    assert difference(before, after).pointers().changed == ["/site", "/rules/0"]


def test_to_the_type_unlike_in_python() -> None:
    one, true = ({"holdout": {"x": value}} for value in (1, True))
    assert difference(one, true).pointers().changed == ["/holdout"]


def test_the_order_of_fields_changes_nothing() -> None:
    before = {"rules": [{"key": "a", "x": {"p": 1, "q": 2}}]}
    after = {"rules": [{"x": {"q": 2, "p": 1}, "key": "a"}]}
    assert difference(before, after).pointers().changed == []


def test_a_list_in_another_order_is_reordered_and_nothing_in_it_changed() -> None:
    change = difference(rules("a", "b", "c"), rules("c", "a", "b"))
    assert change.pointers().reordered == ["/rules"]
    assert [resource.key for resource in change.moved] == ["c", "a", "b"]
    assert not change.changed


def test_what_only_makes_room_is_moved_and_not_reordered() -> None:
    change = difference(rules("a", "b"), rules("b"))
    assert change.pointers().reordered == []
    assert [(resource.key, resource.position) for resource in change.moved] == [("b", 0)]


def test_the_same_key_in_two_lists_is_two_things() -> None:
    assert difference({"segments": [{"key": "a"}]}, rules("a")).pointers().removed == ["/segments/0"]


@given(documents)
def test_a_document_is_put_together_from_its_resources(document: Document) -> None:
    by_kind: dict[str, list[Any]] = {}
    for resource in resources_of(document):
        by_kind[resource.kind] = [*by_kind.get(resource.kind, []), resource.document]

    assert document_of(by_kind) == document


@given(documents)
def test_nothing_differs_from_itself(document: Document) -> None:
    change = difference(document, document)
    assert not any((change.added, change.changed, change.removed, change.moved, change.reordered))


@given(documents, documents)
def test_what_is_added_one_way_is_removed_the_other_way(before: Document, after: Document) -> None:
    there, back = difference(before, after).pointers(), difference(after, before).pointers()
    assert there.added == back.removed
    assert len(there.changed) == len(back.changed)
