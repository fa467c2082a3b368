"""What a compiled ruleset answers by itself."""

from typing import Any

import msgspec
import pytest

from app.engine.profile import Profile
from app.engine.ruleset import CompiledGroup, CompiledVariant, best_first
from tests.builders import (
    NOW,
    addressed,
    arm,
    delivering,
    experiment,
    instant,
    rule,
    ruleset,
    segment,
    visitor,
)

WELCOME = CompiledVariant(
    "welcome",
    msgspec.Raw(b'"Welcome"'),
    {locale: msgspec.Raw(f'"{locale}"'.encode()) for locale in ("de", "de-at", "zh-hant-tw")},
)


@pytest.mark.parametrize(
    ("locale", "content"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de-at"),
        ("de_AT", "de-at"),
        ("de-AT-1996", "de-at"),
        ("de-CH", "de"),
        ("zh-Hant-TW", "zh-hant-tw"),
        ("zh-Hant", "Welcome"),
        ("d", "Welcome"),
        ("den", "Welcome"),
        ("en", "Welcome"),
        ("de-", "de"),
        ("-de", "Welcome"),
        ("-", "Welcome"),
        ("", "Welcome"),
    ],
)
def test_the_best_translation_is_found_from_the_right(locale: str, content: str) -> None:
    assert msgspec.json.decode(WELCOME.content_for(best_first(locale))) == content


def test_without_translations_there_is_one_content() -> None:
    assert bytes(CompiledVariant("a", msgspec.Raw(b"1"), {}).content_for(["de"])) == b"1"


@pytest.mark.parametrize(
    ("start", "end", "admitted"),
    # v-1 falls into bucket 4,939 of the group.
    [(0, 10_000, True), (4_939, 4_940, True), (4_940, 10_000, False), (0, 4_939, False)],
)
def test_a_share_of_a_group_is_half_open(start: int, end: int, admitted: object) -> None:
    assert CompiledGroup("hero", "visitor", start, end, ()).admits("v-1") is admitted


@pytest.mark.parametrize(
    ("traffic", "reached"),
    # v-1 falls into bucket 6,057 of the experiment's traffic.
    [(0, False), (60.57, False), (60.58, True), (100, True)],
)
def test_traffic_is_half_open(traffic: float, reached: object) -> None:
    compiled = ruleset(experiments=[experiment(traffic=traffic)]).experiments["hero-copy"]

    assert compiled.in_traffic("v-1") is reached


@pytest.mark.parametrize(
    ("weights", "expected"),
    # v-1 falls into bucket 9,656 of the experiment's arms, v-2 into 993.
    [((1, 1), ("b", "a")), ((9_656, 344), ("b", "a")), ((9_657, 343), ("a", "a")), ((0, 1), ("b", "b"))],
)
def test_an_arm_owns_a_half_open_range(weights: tuple[float, float], expected: tuple[str, str]) -> None:
    arms = [arm("a", weight=weights[0]), arm("b", weight=weights[1])]
    compiled = ruleset(experiments=[experiment(arms=arms)]).experiments["hero-copy"]

    assert (compiled.arm_of("v-1"), compiled.arm_of("v-2")) == expected


def test_an_arm_without_weight_gets_nobody() -> None:
    arms = [arm("none", weight=0), arm("all", weight=1), arm("last", weight=0)]
    compiled = ruleset(experiments=[experiment(arms=arms)]).experiments["hero-copy"]

    assert {compiled.arm_of(f"v-{n}") for n in range(5_000)} == {"all"}


def addresses(audience: dict[str, Any], context: dict[str, Any] | None = None, **fields: Any) -> bool:
    """Whether a rule addresses a visitor who is in the segments `a` and `b` and in the stage `start`."""
    standing = {"consent": fields.pop("granted")} if "granted" in fields else {}
    rules = ruleset(
        segments=[segment(key, {"context.country": {"$ne": key}}) for key in ("a", "b", "c")],
        journeys=[{"key": "purchase", "stages": [{"key": "start"}, {"key": "end"}]}],
        rules=[rule("r", audience=audience, **fields)],
    )
    seen = visitor(rules, context={"country": "c", **(context or {})}, **standing)
    return addressed(rules, seen) == ["r"]


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ({}, True),
        ({"stages": ["start"]}, True),
        ({"stages": ["start", "end"]}, True),
        ({"stages": ["end"]}, False),
        ({"segments": ["a"]}, True),
        ({"segments": ["c"]}, False),
        ({"segments": ["c", "b"]}, True),
        ({"not_segments": ["c"]}, True),
        ({"not_segments": ["c", "b"]}, False),
        ({"segments": ["a"], "not_segments": ["b"]}, False),
        ({"condition": {"context.country": "c"}}, True),
        ({"condition": {"context.country": "a"}}, False),
        ({"stages": ["start"], "segments": ["a"], "condition": {"context.country": "a"}}, False),
        ({"stages": ["start"], "segments": ["a"], "condition": {"segments": ["a", "b"]}}, True),
    ],
)
def test_an_audience_holds_whole(audience: dict[str, Any], expected: object) -> None:
    assert addresses(audience) is expected


@pytest.mark.parametrize(
    ("needed", "granted", "expected"),
    [
        ([], (), True),
        (["personalization"], (), False),
        (["personalization"], ("personalization",), True),
        (["personalization", "analytics"], ("personalization",), False),
        (["personalization", "analytics"], ("personalization", "analytics"), True),
    ],
)
def test_every_purpose_needed_must_be_granted(
    needed: list[str], granted: tuple[str, ...], expected: object
) -> None:
    assert addresses({}, consent=needed, granted=frozenset(granted)) is expected


def test_a_rule_is_in_force_by_its_schedule_on_the_sites_clock() -> None:
    schedule = {"windows": [{"from": "21:00", "to": "22:00"}]}
    rules = ruleset(site={"timezone": "Asia/Tokyo"}, rules=[rule("evening", schedule=schedule)])

    assert addressed(rules, visitor(rules, at=NOW)) == ["evening"]
    assert addressed(rules, visitor(rules, at=instant("2026-03-10T13:00:00Z"))) == []


def test_rules_stand_by_priority_then_by_key() -> None:
    rules = ruleset(
        experiments=[experiment("e")],
        rules=[
            rule("b", priority=5),
            rule("z", priority=9),
            delivering("e", priority=5),
            rule("a", priority=5),
            rule("c", priority=0),
        ],
    )

    assert addressed(rules, visitor(rules)) == ["z", "a", "b", "e-rule", "c"]


def test_all_is_counted_of_who_did_nothing_or_was_asked_the_same_from_the_first() -> None:
    rules = ruleset(segments=[segment("buyers", {"events.order_completed.count": {"$gte": 1}})])

    assert rules.has_counted(Profile(asked="other")) is True
    assert rules.has_counted(Profile(events=1, asked=rules.asked)) is True
    assert rules.has_counted(Profile(events=1, asked="other")) is False
