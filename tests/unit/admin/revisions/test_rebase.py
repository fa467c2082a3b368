"""What was scheduled, upon what came in force in the meantime."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.admin.difference import difference
from app.admin.revisions.rebase import rebased
from app.engine.problems import Problems

Document = dict[str, Any]


def rules(**notes: str) -> Document:
    return {"rules": [{"key": key, "note": note} for key, note in notes.items()]}


def conflicts(document: Document, base: Document, in_force: Document) -> list[str]:
    with pytest.raises(Problems) as raised:
        rebased(document, base, in_force)
    return [problem.message.partition(" was ")[0] for problem in raised.value.problems]


def test_what_both_sides_changed_apart_comes_together() -> None:
    base = rules(a="old", b="old")
    assert rebased(rules(a="ours", b="old"), base, rules(a="old", b="theirs")) == rules(a="ours", b="theirs")


def test_what_is_new_comes_after_what_is_in_force() -> None:
    ours, theirs = rules(a="", ours=""), rules(a="", theirs="")
    assert rebased(ours, rules(a=""), theirs) == rules(a="", theirs="", ours="")


def test_what_was_removed_stays_removed() -> None:
    base = rules(a="", b="")
    assert rebased(rules(a=""), base, {**base, "site": {"timezone": "UTC"}}) == {
        "site": {"timezone": "UTC"},
        **rules(a=""),
    }


def test_single_resources_come_together_too() -> None:
    assert rebased({"holdout": {"percent": 5}}, {}, {"site": {}}) == {"site": {}, "holdout": {"percent": 5}}


def test_the_same_change_on_both_sides_is_none_to_quarrel_about() -> None:
    base = rules(a="old", gone="")
    assert rebased(rules(a="new"), base, rules(a="new")) == rules(a="new")


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        (rules(a="ours"), rules(a="theirs"), ["rules/a"]),
        (rules(a="ours"), {}, ["rules/a"]),
        ({}, rules(a="theirs"), ["rules/a"]),
        ({**rules(a=""), "site": {}}, {**rules(a=""), "site": {"timezone": "UTC"}}, ["site"]),
        (rules(a="", new="ours"), rules(a="", new="theirs"), ["rules/new"]),
    ],
)
def test_what_both_sides_changed_otherwise_is_an_error(
    ours: Document, theirs: Document, named: list[str]
) -> None:
    assert conflicts(ours, rules(a=""), theirs) == named


def test_an_error_names_the_place_in_the_scheduled_document() -> None:
    with pytest.raises(Problems) as raised:
        rebased(rules(a="", b="ours"), rules(a="", b=""), rules(b="theirs"))
    assert [problem.pointer for problem in raised.value.problems] == ["/rules/1"]


documents = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["x", "y"])).map(lambda d: rules(**d))


@given(documents, documents)
def test_where_nothing_else_happened_it_is_what_was_scheduled(document: Document, base: Document) -> None:
    change = difference(document, rebased(document, base, base))
    assert (change.added, change.changed, change.removed) == ((), (), ())


@given(documents, documents)
def test_where_nothing_was_changed_it_is_what_is_in_force(base: Document, in_force: Document) -> None:
    assert difference(in_force, rebased(base, base, in_force)) == difference({}, {})
