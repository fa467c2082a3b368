"""How two decisions for one visitor differ."""

from typing import Any

import pytest

from app.admin.impact.changes import arms_of, differing, kind_of, placements_in
from app.engine.decision import Choice
from app.engine.profile import ArmHeld, Profile
from tests.builders import decide, delivering, experiment, placement, rule, ruleset, variant

EVERYBODY = ruleset(rules=[rule("sale")])
NOBODY = ruleset()


def choice(**fields: Any) -> Choice:
    return decide(ruleset(**fields)).placements["home.hero"]


REWRITTEN = {"placements": [placement(variants=[variant("default"), variant("offer", content="new")])]}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({}, {}, None),
        ({}, {"rules": [rule("sale")]}, "gained"),
        ({"rules": [rule("sale")]}, {}, "lost"),
        ({"rules": [rule("a")]}, {"rules": [rule("a", deliver={"variant": "default"})]}, "other_variant"),
        ({"rules": [rule("a")]}, {"rules": [rule("a")], **REWRITTEN}, "other_content"),
        ({"rules": [rule("a")]}, {"rules": [rule("b")]}, "same_content"),
        ({}, {"rules": [rule("a", deliver={"variant": "default"})]}, "same_content"),
        ({}, {"placements": []}, "other_variant"),
    ],
)
def test_what_becomes_of_a_placement_is_named(
    before: dict[str, Any], after: dict[str, Any], kind: str | None
) -> None:
    assert kind_of(choice(**before), choice(**after)) == kind


def test_a_placement_that_shows_the_same_for_the_same_reason_is_not_listed() -> None:
    assert list(placements_in(decide(EVERYBODY), decide(EVERYBODY))) == []


def test_a_placement_that_differs_says_what_it_showed_and_would_show() -> None:
    [differs] = placements_in(decide(NOBODY), decide(EVERYBODY))

    assert (differs.placement, differs.kind) == ("home.hero", "gained")
    assert (differs.before.variant, differs.before.reason, differs.before.rule) == (
        "default",
        "default",
        None,
    )
    assert (differs.after.variant, differs.after.reason, differs.after.rule) == ("offer", "rule", "sale")


def test_an_arm_counts_where_it_is_logged_and_where_it_is_only_shown() -> None:
    rules = ruleset(experiments=[experiment()], rules=[delivering("hero-copy")])
    held = Profile(arms={"hero-copy": ArmHeld("treatment", 1, 1)})

    for may_log in (True, False):
        assert arms_of(decide(rules, held, may_log=may_log)) == {"hero-copy": "treatment"}


def test_what_stands_on_one_side_alone_differs_from_nothing() -> None:
    assert list(differing({"a": "1", "b": "2"}, {"b": "2", "c": "3"})) == [("a", "1", None), ("c", None, "3")]
    assert list(differing({"a": "1"}, {"a": "1"})) == []
    assert list(differing({"a": "1"}, {"a": "2"})) == [("a", "1", "2")]
