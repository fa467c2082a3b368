"""Rules: for each placement the first that addresses the visitor."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.engine.decision import CapAsked
from app.engine.profile import Profile
from app.engine.reasons import Reason
from app.engine.ruleset import CompiledCap, Ruleset
from tests.builders import (
    NOW,
    decide,
    event,
    journey,
    placement,
    profile,
    rule,
    ruleset,
    segment,
    shown,
    variant,
)

NOBODY: dict[str, Any] = {"condition": {"context.country": "nowhere"}}


def offering(*rules: dict[str, Any], **fields: Any) -> Ruleset:
    """A ruleset with a variant for each rule, of the same key."""
    keys = [r["key"] for r in rules]
    delivered = [{**r, "deliver": {"variant": r["key"]}} for r in rules]
    return ruleset(placements=[placement("home.hero", "default", *keys)], rules=delivered, **fields)


def test_the_first_matching_rule_wins() -> None:
    rules = offering(rule("a", priority=1), rule("b", priority=3, audience=NOBODY), rule("c", priority=2))

    assert shown(rules).variant == "c"


def test_ties_break_on_the_key() -> None:
    assert shown(offering(rule("b"), rule("a"), rule("c"))).variant == "a"
    assert shown(offering(rule("a10"), rule("a9"))).variant == "a10"
    assert shown(offering(rule("a"), rule("B"))).variant == "B"


def test_the_order_of_the_document_decides_nothing() -> None:
    rules = [rule("a", priority=1), rule("b", priority=1), rule("c", priority=0)]

    assert shown(offering(*rules)) == shown(offering(*reversed(rules)))


def test_a_choice_says_what_where_and_why() -> None:
    choice = shown(offering(rule("a")))

    assert msgspec.json.decode(choice.content) == {"title": "a"}
    assert (choice.variant, choice.reason, choice.rule) == ("a", Reason.RULE, "a")
    assert (choice.experiment, choice.arm) == (None, None)


def test_whom_no_rule_addresses_sees_the_default() -> None:
    choice = shown(offering(rule("a", audience=NOBODY)))

    assert (choice.variant, choice.reason, choice.rule) == ("default", Reason.DEFAULT, None)
    assert msgspec.json.decode(choice.content) == {"title": "default"}


def test_a_placement_without_default_leaves_the_page_to_itself() -> None:
    choice = shown(ruleset(placements=[{"key": "home.hero"}]))

    assert (choice.variant, bytes(choice.content), choice.reason) == (None, b"null", Reason.DEFAULT)


def test_an_unknown_placement_is_answered_with_nothing() -> None:
    decision = decide(ruleset(), placements=["home.hero", "nowhere"])

    assert decision.placements["home.hero"].reason == Reason.DEFAULT
    choice = decision.placements["nowhere"]
    assert (choice.variant, bytes(choice.content), choice.reason) == (None, b"null", Reason.UNKNOWN_PLACEMENT)


def test_each_placement_is_decided_by_itself() -> None:
    rules = ruleset(
        placements=[placement("top"), placement("side"), placement("foot")],
        rules=[rule("both", placements=["top", "side"]), rule("foot", placements=["foot"], audience=NOBODY)],
    )
    decision = decide(rules, placements=["foot", "side", "top"])

    assert [(key, choice.variant) for key, choice in decision.placements.items()] == [
        ("foot", "default"),
        ("side", "offer"),
        ("top", "offer"),
    ]


def test_a_placement_asked_for_twice_is_answered_once() -> None:
    assert list(decide(ruleset(), placements=["home.hero", "home.hero"]).placements) == ["home.hero"]


def test_no_placements_make_an_empty_decision() -> None:
    assert decide(ruleset(), placements=[]).placements == {}


def test_a_disabled_rule_is_passed_over() -> None:
    assert shown(offering(rule("a", enabled=False), rule("b"))).variant == "b"


def test_a_decision_carries_revision_stage_and_segments() -> None:
    rules = ruleset(
        segments=[
            segment("viewer", {"events.page_viewed.count": {"$gte": 1}}),
            segment("never", {"stage": 1}),
        ],
        journeys=[
            journey("new", {"key": "known", "when": {"segments": {"$in": ["viewer"]}}}),
            journey("guest", key="loyalty"),
        ],
    )
    decision = decide(rules, profile(rules, event("page_viewed")))

    assert decision.revision == 1
    assert (decision.stage, decision.stages) == ("known", {"purchase": "known", "loyalty": "guest"})
    assert (decision.segments, decision.arms) == (("viewer",), ())


def test_the_same_question_has_the_same_answer() -> None:
    rules = offering(rule("a", audience={"condition": {"context.country": "DE"}}), rule("b"))

    assert decide(rules, context={"country": "DE"}) == decide(rules, context={"country": "DE"})
    assert shown(rules, context={"country": "DE"}).variant == "a"
    assert shown(rules, context={"country": "FR"}).variant == "b"


def test_a_rule_can_depend_on_the_instant() -> None:
    rules = offering(rule("a", schedule={"starts_at": "2026-03-10T12:00:00Z"}), rule("b", priority=0))

    assert shown(rules, at=NOW).variant == "a"
    assert shown(rules, at=NOW - timedelta(microseconds=1)).variant == "b"


TRANSLATED = [variant("default", locales={"de": {"title": "Hallo"}, "de-AT": {"title": "Servus"}})]


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("de-AT", "Servus"),
        ("de-CH", "Hallo"),
        ("de", "Hallo"),
        ("fr", "default"),
        (None, "default"),
        (7, "default"),
        ("", "default"),
    ],
)
def test_content_comes_in_the_visitors_best_locale(locale: object, title: str) -> None:
    rules = ruleset(placements=[{"key": "home.hero", "default": "default", "variants": TRANSLATED}])
    choice = shown(rules, context={} if locale is None else {"locale": locale})

    assert msgspec.json.decode(choice.content) == {"title": title}


def test_who_names_no_locale_has_that_of_the_site() -> None:
    rules = ruleset(
        site={"default_locale": "de"},
        placements=[{"key": "home.hero", "default": "default", "variants": TRANSLATED}],
    )

    assert msgspec.json.decode(shown(rules).content) == {"title": "Hallo"}
    assert msgspec.json.decode(shown(rules, context={"locale": "fr"}).content) == {"title": "default"}


@pytest.mark.parametrize("content", [None, "text", 3, [1, {"a": None}], {"deep": {"er": [True]}}, ""])
def test_any_json_can_be_content(content: object) -> None:
    rules = ruleset(
        placements=[
            {"key": "home.hero", "default": "d", "variants": [{"key": "d", "content": content}]},
        ]
    )

    assert msgspec.json.decode(shown(rules).content) == content


def test_a_capped_rule_that_delivers_is_asked_for_with_what_the_profile_knows() -> None:
    rules = ruleset(rules=[rule("sale", cap={"count": 2, "per_days": 1})])
    a_day = CompiledCap(2, 86_400_000)

    assert decide(rules).capped == (CapAsked("sale", a_day, ()),)
    assert decide(rules, Profile(caps={"sale": [5], "other": [6]})).capped == (CapAsked("sale", a_day, [5]),)
