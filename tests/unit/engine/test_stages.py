"""Where on a journey a visitor stands."""

from datetime import timedelta
from typing import Any

import pytest

from app.engine.profile import Profile, StageHeld
from app.engine.stages import CompiledJourney, Reached, decay_of, stage_of
from app.kit.clock import ms_of
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, event, journey, profile, ruleset, visitor

PURCHASE = journey(
    "awareness",
    {"key": "consideration", "when": {"events.product_viewed.count": {"$gte": 2}}},
    {"key": "decision", "when": {"events.product_added.count": {"$gte": 1}}},
    {"key": "retention", "when": {"events.order_completed.count": {"$gte": 1}}},
)


def stage(
    remembered: Profile, *stages: Any, context: Any = None, after: timedelta = timedelta(0)
) -> str | None:
    rules = ruleset(journeys=[journey("first", *stages)])
    return visitor(rules, remembered, context, NOW + after).stage


def holding(held: str, since: timedelta = timedelta(0), **fields: Any) -> Profile:
    """A visitor who has stood somewhere for some time, and was last seen now."""
    return Profile(
        last_event_ms=ms_of(NOW), stages={"purchase": StageHeld(held, ms_of(NOW - since))}, **fields
    )


def reached(remembered: Profile, *stages: Any, context: Any = None) -> Reached:
    """The stage of a visitor, and what holds it."""
    rules = ruleset(journeys=[journey("first", *stages)])
    [compiled] = rules.order
    assert isinstance(compiled, CompiledJourney)
    return stage_of(compiled, visitor(rules, remembered, context))


IN_DE: dict[str, Any] = {"context.country": "DE"}
IN_FR: dict[str, Any] = {"context.country": "FR"}


def test_a_stranger_stands_at_the_first_stage() -> None:
    assert visitor(ruleset(journeys=[PURCHASE])).stage == "awareness"


def test_a_visitor_moves_stage_by_stage() -> None:
    rules = ruleset(journeys=[PURCHASE])
    names = ["product_viewed", "product_viewed", "product_added", "order_completed"]
    seen = [
        visitor(rules, profile(rules, *(event(name) for name in names[:count]))).stage for count in range(5)
    ]

    assert seen == ["awareness", "awareness", "consideration", "decision", "retention"]


def test_a_visitor_may_skip_stages() -> None:
    rules = ruleset(journeys=[PURCHASE])

    assert visitor(rules, profile(rules, event("order_completed"))).stage == "retention"


def test_the_stage_of_highest_precedence_that_holds_is_the_one() -> None:
    everything: dict[str, Any] = {}
    stages = [{"key": "a", "when": everything}, {"key": "b", "when": everything}]

    assert stage(Profile(), *stages) == "b"
    assert stage(Profile(), {**stages[0], "precedence": 5}, stages[1]) == "a"
    assert stage(Profile(), {**stages[0], "precedence": 5}, {**stages[1], "precedence": 5.5}) == "b"


def test_of_equal_precedence_the_stage_listed_first_is_the_one() -> None:
    stages = [{"key": "a", "when": {}, "precedence": 3}, {"key": "b", "when": {}, "precedence": 3}]

    assert stage(Profile(), *stages) == "a"


def test_a_stage_of_lower_precedence_than_the_first_is_never_reached() -> None:
    assert stage(Profile(), {"key": "hidden", "when": {}, "precedence": -1}) == "first"


def test_a_first_stage_that_says_when_holds_all_the_same() -> None:
    rules = ruleset(journeys=[journey({"key": "start", "when": IN_DE}, {"key": "next", "when": IN_DE})])

    assert visitor(rules).stage == "start"
    assert visitor(rules, context={"country": "DE"}).stage == "next"


def test_a_stage_without_when_lets_nobody_in() -> None:
    assert stage(Profile(), "second") == "first"


def test_a_stage_without_when_keeps_who_stands_there_by_stay_alone() -> None:
    assert stage(holding("second"), {"key": "second", "stay": {}}) == "second"
    assert stage(holding("second"), "second") == "first"


def test_a_visitor_regresses_where_the_stage_no_longer_holds() -> None:
    assert stage(holding("second"), {"key": "second", "when": IN_DE}) == "first"


def test_who_buys_and_compares_again_stands_in_consideration_again() -> None:
    again = {"events.product_viewed.count_since_order_completed": {"$gte": 3}}
    rules = ruleset(
        journeys=[
            journey(
                "awareness",
                {"key": "consideration", "when": again, "precedence": 9},
                {"key": "retention", "when": {"events.order_completed.count": {"$gte": 1}}},
            )
        ]
    )
    way = ["order_completed", *["product_viewed"] * 3, "order_completed"]
    seen = [
        visitor(
            rules, profile(rules, *(event(name, NOW + n * SECOND) for n, name in enumerate(way[:count])))
        ).stage
        for count in range(6)
    ]

    assert seen == ["awareness", "retention", "retention", "retention", "consideration", "retention"]


@pytest.mark.parametrize(
    ("country", "held", "expected"),
    [
        ("DE", "first", "second"),
        ("FR", "first", "first"),
        ("FR", "second", "second"),
        ("DE", "second", "second"),
        ("US", "second", "first"),
    ],
)
def test_what_is_looser_than_when_lets_a_visitor_stay(country: str, held: str, expected: str) -> None:
    second = {"key": "second", "when": IN_DE, "stay": {"$or": [IN_DE, IN_FR]}}

    assert stage(holding(held), second, context={"country": country}) == expected


@pytest.mark.parametrize(
    ("stood", "expected"),
    [(0 * SECOND, "second"), (HOUR - SECOND, "second"), (HOUR, "first"), (DAY, "first")],
)
def test_a_stage_is_kept_for_its_dwell(stood: timedelta, expected: str) -> None:
    assert stage(holding("second", stood), {"key": "second", "when": IN_DE, "min_dwell_s": 3_600}) == expected


def test_a_dwell_does_not_let_anybody_in() -> None:
    assert stage(holding("first"), {"key": "second", "when": IN_DE, "min_dwell_s": 3_600}) == "first"


def test_a_stage_of_higher_precedence_ends_a_dwell_and_a_lower_one_does_not() -> None:
    stages = [
        {"key": "low", "when": IN_DE},
        {"key": "kept", "when": IN_FR, "min_dwell_s": 3_600},
        {"key": "high", "when": {"context.device": "mobile"}},
    ]

    assert stage(holding("kept"), *stages, context={"country": "DE"}) == "kept"
    assert stage(holding("kept"), *stages, context={"device": "mobile"}) == "high"


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (0 * DAY, "second"),
        (30 * DAY - timedelta(milliseconds=1), "second"),
        (30 * DAY, "first"),
        (365 * DAY, "first"),
    ],
)
def test_a_stage_decays_without_any_event(passed: timedelta, expected: str) -> None:
    second = {"key": "second", "when": {}, "stay": {}, "decay_after_days": 30}

    assert stage(holding("second"), second, after=passed) == expected


def test_a_stage_that_decayed_falls_to_the_next_that_holds() -> None:
    stages = [{"key": "low", "when": {}}, {"key": "high", "when": {}, "decay_after_days": 1}]

    assert stage(holding("high"), *stages, after=2 * DAY) == "low"


def test_a_dwell_outlasts_a_decay() -> None:
    second = {"key": "second", "when": {}, "min_dwell_s": 7_200, "decay_after_days": 1 / 24}

    assert stage(holding("second"), second, after=90 * MINUTE) == "second"
    assert stage(holding("second"), second, after=120 * MINUTE) == "first"


def test_half_a_day_is_a_decay_too() -> None:
    assert decay_of(0.5) == 43_200_000
    assert decay_of(None) is None


def test_what_was_held_of_another_revision_counts_for_nothing() -> None:
    assert stage(holding("gone"), {"key": "second", "when": IN_DE, "stay": {}, "min_dwell_s": 9}) == "first"


def test_a_decision_moves_nobody() -> None:
    rules = ruleset(journeys=[journey("first", {"key": "second", "when": {}, "decay_after_days": 1})])
    remembered = profile(rules, event("page_viewed"))

    late = [visitor(rules, remembered, at=NOW + n * DAY).stage for n in (2, 0, 2)]

    assert late == ["first", "second", "first"]


def test_a_visitor_stands_in_several_journeys_at_once() -> None:
    loyalty = journey("guest", {"key": "member", "when": {"traits.member": True}}, key="loyalty")
    rules = ruleset(journeys=[PURCHASE, loyalty])
    remembered = profile(rules, event("product_added"))
    remembered.traits = {"member": True}

    assert visitor(rules, remembered).stages == {"purchase": "decision", "loyalty": "member"}


def test_the_stages_are_the_usual_five_where_a_journey_lists_none() -> None:
    seen = visitor(ruleset(journeys=[{"key": "purchase"}]), holding("advocacy"))

    assert seen.stage == "awareness"


@pytest.mark.parametrize(
    ("held", "country", "because"),
    [
        (holding("first"), "DE", "second.when"),
        (holding("second", DAY), "DE", "second.when"),
        (holding("second", DAY), "FR", "second.stay"),
        (holding("second", MINUTE), "FR", "second.min_dwell_s"),
    ],
)
def test_what_holds_a_stage_is_named(held: Profile, country: str, because: str) -> None:
    second = {"key": "second", "when": IN_DE, "stay": IN_FR, "min_dwell_s": 3_600}

    assert reached(held, second, context={"country": country}) == Reached("second", because)


def test_the_first_stage_is_held_by_its_place() -> None:
    assert reached(Profile(), "second") == Reached("first", "first.first")


def test_conditions_of_a_stage_know_the_instant() -> None:
    lately: dict[str, Any] = {"traits.joined": {"$after": "-7d"}}
    remembered = holding("second", traits={"joined": "2026-03-09T00:00:00Z"})

    for second in ({"key": "second", "when": lately}, {"key": "second", "stay": lately}):
        assert stage(remembered, second, after=DAY) == "second"
        assert stage(remembered, second, after=7 * DAY) == "first"


def test_the_next_end_is_after_one_instant_and_up_to_another() -> None:
    timed = ruleset(journeys=[journey("first", {"key": "second", "min_dwell_s": 60})]).timed
    remembered, end = holding("second"), ms_of(NOW + MINUTE)

    assert timed.next_end(remembered, 0, end - 1) is None
    assert timed.next_end(remembered, end - 1, end) == end
    assert timed.next_end(remembered, end, end + 1) is None


def test_a_stage_without_dwell_or_decay_has_no_end() -> None:
    timed = ruleset(journeys=[journey("first", {"key": "second", "min_dwell_s": 60}, "third")]).timed

    for held in ("first", "third", "gone"):
        assert timed.next_end(holding(held), 0, ms_of(NOW + DAY)) is None
