"""Stage history moves in the fold alone, in the order of time."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from app.engine.profile import Profile, StageHeld
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.profiles.fold import fold
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    assignment,
    event,
    journey,
    profile,
    ruleset,
    segment,
    traits_set,
    visitor,
)

VIEWED: dict[str, Any] = {"events.v.count": {"$gte": 1}}


def staged(**second: Any) -> Ruleset:
    return ruleset(journeys=[journey("first", {"key": "second", "when": VIEWED, **second})])


def held(remembered: Profile) -> tuple[str, timedelta]:
    """The stage held, and how long before now its visitor came to it."""
    stage = remembered.stages["purchase"]
    return stage.stage, timedelta(milliseconds=ms_of(NOW) - stage.since_ms)


def test_the_first_event_puts_a_visitor_on_the_journey() -> None:
    assert held(profile(staged(), event("x", NOW - HOUR))) == ("first", HOUR)


def test_a_stage_is_held_since_the_event_that_led_to_it() -> None:
    remembered = profile(
        staged(), event("x", NOW - 3 * HOUR), event("v", NOW - 2 * HOUR), event("v", NOW - HOUR), event("x")
    )

    assert held(remembered) == ("second", 2 * HOUR)


def test_without_events_nobody_stands_anywhere() -> None:
    assert profile(staged(), assignment("e", "a")).stages == {}


GOLD = staged(when={"traits.plan": "gold"}, stay={}, decay_after_days=30)


def test_traits_alone_put_a_visitor_on_the_journey() -> None:
    assert held(profile(GOLD, traits_set(NOW - HOUR, age=7))) == ("first", HOUR)
    assert held(profile(GOLD, traits_set(NOW - HOUR, plan="gold"))) == ("first", HOUR)


def test_a_stage_is_held_since_the_traits_that_led_to_it() -> None:
    bought = event("x", NOW - 3 * HOUR), traits_set(NOW - 2 * HOUR, plan="gold")

    assert held(profile(GOLD, *bought)) == ("second", 2 * HOUR)
    assert held(profile(GOLD, *bought, traits_set(NOW - HOUR, plan=None), event("x"))) == ("second", 2 * HOUR)


def test_decay_is_settled_before_the_traits_that_follow() -> None:
    rules = staged(
        stay={"traits.vip": True}, when={"events.v.count_7d": {"$gte": 1}}, min_dwell_s=20 * 86_400
    )
    before = event("v", NOW - 40 * DAY)

    assert held(profile(rules, before, traits_set(NOW - 19 * DAY, vip=True))) == ("first", 20 * DAY)
    assert held(profile(rules, before, traits_set(NOW - 21 * DAY, vip=True))) == ("second", 40 * DAY)


def test_what_was_settled_for_traits_is_not_settled_again() -> None:
    rules = staged(
        when={"events.v.count_7d": {"$gte": 1}}, stay={"traits.vip": True}, min_dwell_s=20 * 86_400
    )
    steps = event("v", NOW - 40 * DAY), traits_set(NOW - 10 * DAY, vip=True), event("x", NOW - 5 * DAY)
    remembered = profile(rules, *steps)

    assert [(move.stage, move.at_ms) for move in remembered.moves] == [
        ("second", ms_of(NOW - 40 * DAY)),
        ("first", ms_of(NOW - 20 * DAY)),
    ]
    assert fold(profile(rules, *steps[:2]), steps[2:], rules) == remembered


def test_no_stage_moves_back_to_before_the_traits_that_moved_it() -> None:
    remembered = profile(
        GOLD, event("x", NOW - 3 * HOUR), traits_set(NOW, plan="gold"), event("x", NOW - HOUR)
    )

    assert held(remembered) == ("second", timedelta(0))


def test_where_nothing_is_published_traits_move_no_stage() -> None:
    assert profile(None, traits_set(plan="gold")).stages == {}


def test_decay_is_settled_before_the_event_that_follows() -> None:
    rules = staged(when={"events.v.count_since_o": {"$gte": 1}}, stay={}, decay_after_days=30)
    before = profile(rules, event("v", NOW - 40 * DAY))

    # Had the visitor still been there, "stay" would hold for ever.
    assert held(fold(before, [event("x", NOW - 11 * DAY)], rules)) == ("second", 40 * DAY)
    assert held(fold(before, [event("o", NOW - 10 * DAY)], rules)) == ("first", 10 * DAY)


def test_an_event_brings_back_what_decayed() -> None:
    rules = staged(decay_after_days=30)
    remembered = profile(rules, event("v", NOW - 40 * DAY), event("x"))

    assert held(remembered) == ("second", timedelta(0))


@pytest.mark.parametrize(
    ("after", "stage"),
    [(30 * MINUTE, "second"), (59 * MINUTE, "second"), (HOUR, "first"), (2 * HOUR, "first")],
)
def test_a_dwell_is_settled_at_the_next_event(after: timedelta, stage: str) -> None:
    rules = staged(when={"events.v.count_since_o": {"$gte": 1}}, min_dwell_s=3_600)
    start = NOW - DAY
    remembered = profile(rules, event("v", start), event("o", start + MINUTE), event("x", start + after))

    assert held(remembered)[0] == stage


def test_a_late_event_moves_nobody_back_in_time() -> None:
    remembered = profile(staged(), event("x"), event("v", NOW - DAY))

    assert held(remembered) == ("second", timedelta(0))
    assert remembered.last_event_ms == ms_of(NOW)


def test_a_visitor_who_regresses_is_held_since_then() -> None:
    rules = staged(when={"events.v.count_since_o": {"$gte": 1}})
    remembered = profile(rules, event("v", NOW - 2 * HOUR), event("o", NOW - HOUR), event("x"))

    assert held(remembered) == ("first", HOUR)


def test_each_journey_is_held_by_itself() -> None:
    rules = ruleset(
        journeys=[journey("a", {"key": "b", "when": VIEWED}), journey("c", "d", key="loyalty")],
    )
    remembered = profile(rules, event("x", NOW - HOUR), event("v"))

    assert remembered.stages == {
        "purchase": StageHeld("b", ms_of(NOW)),
        "loyalty": StageHeld("c", ms_of(NOW - HOUR)),
    }


def test_what_only_a_request_knows_holds_nobody_in_the_fold() -> None:
    rules = staged(when={"context.country": "DE"})
    remembered = profile(rules, event("x"))

    assert held(remembered)[0] == "first"
    assert visitor(rules, remembered, {"country": "DE"}).stage == "second"


def test_the_fold_knows_the_hour_of_an_event_on_the_sites_clock() -> None:
    evening = {"key": "evening", "when": {"context.hour": 21}}
    rules = ruleset(site={"timezone": "Asia/Tokyo"}, journeys=[journey("first", evening)])

    assert held(profile(rules, event("x")))[0] == "evening"
    assert held(profile(rules, event("x", NOW + HOUR), event("x", NOW + 2 * HOUR)))[0] == "first"


def test_one_journey_may_ask_in_the_fold_where_a_visitor_stands_on_the_primary_one() -> None:
    loyalty = journey("guest", {"key": "member", "when": {"stage": "second"}}, key="loyalty")
    second = {"key": "second", "when": VIEWED}
    rules = ruleset(journeys=[journey("first", second, primary=True), loyalty])

    assert profile(rules, event("v")).stages["loyalty"].stage == "member"


def test_the_profile_given_is_never_changed() -> None:
    rules = ruleset(
        segments=[segment("s", {"events.v.count_since_o": 1, "events.v.count_2d": 1, "events.v.last_a": 1})],
        journeys=[journey("first", {"key": "second", "when": VIEWED})],
    )
    before = profile(rules, event("v", NOW - DAY, a=[1]), assignment("e", "a"))
    copied = deepcopy(before)

    after = fold(before, [event("o"), event("v", a=[2]), assignment("f", "b")], rules)

    assert before == copied != after
