"""A profile seen in a request: everything that conditions can ask."""

from datetime import timedelta

import pytest

from app.engine.conditions import compile_condition
from app.engine.event_attributes import NEVER_DAYS
from app.engine.forced import Forced
from app.engine.profile import Counter, Profile
from app.engine.visitor import Standing, Visitor
from app.kit.clock import ms_of
from tests.builders import DAY, NOW, SECOND, journey, ruleset, segment, visitor

RULES = ruleset(
    segments=[segment("returning", {"profile.is_new": False}), segment("german", {"context.country": "DE"})],
    journeys=[journey("start", {"key": "loyal", "when": {"segments": {"$in": ["returning"]}}})],
)
KNOWN = Profile(
    first_ms=ms_of(NOW - 3 * DAY),
    traits={"plan": {"tier": "gold"}},
    counters={
        "page_viewed": Counter(
            count=4, first_ms=1, last_ms=ms_of(NOW - DAY), latest={"address": {"city": "Rome"}}
        )
    },
)


def holds(seen: Visitor, condition: dict[str, object]) -> bool:
    return compile_condition(condition)(seen, seen.now)


@pytest.mark.parametrize(
    "condition",
    [
        {"traits.plan.tier": "gold"},
        {"context.country": "DE"},
        {"stage": "loyal"},
        {"stages.purchase": "loyal"},
        {"segments": {"$all": ["returning", "german"]}},
        {"profile.age_days": 3},
        {"profile.is_new": False},
        {"events.page_viewed.count": 4},
        {"events.page_viewed.days_since": 1},
        {"events.order_completed.count": 0},
        {"events.order_completed.days_since": NEVER_DAYS},
        {"events.order_completed.last_at": None},
        {"events.page_viewed.last_address.city": "Rome"},
        {"events.page_viewed.last_address": {"$type": "object"}},
        {"events.page_viewed.last_plan": {"$type": "undefined"}},
    ],
)
def test_conditions_can_ask(condition: dict[str, object]) -> None:
    assert holds(visitor(RULES, KNOWN, {"country": "DE"}), condition)


def test_an_unknown_root_is_nothing() -> None:
    assert visitor(RULES).get("weather") is None


def test_a_stranger_is_new_and_stands_at_the_start() -> None:
    stranger = visitor(RULES)

    assert holds(stranger, {"profile.is_new": True, "profile.age_days": 0})
    assert (stranger.stage, stranger.stages, stranger.segments) == ("start", {"purchase": "start"}, [])


@pytest.mark.parametrize(
    ("ago", "is_new", "age_days"),
    [(0 * DAY, True, 0), (-SECOND, True, 0), (SECOND, False, 0), (DAY - SECOND, False, 0), (DAY, False, 1)],
)
def test_who_came_with_this_very_request_is_new(ago: timedelta, is_new: object, age_days: int) -> None:
    seen = visitor(RULES, Profile(first_ms=ms_of(NOW - ago)))

    assert holds(seen, {"profile.is_new": is_new, "profile.age_days": age_days})


def test_without_a_journey_there_is_no_stage() -> None:
    seen = visitor(ruleset())

    assert seen.stage is None
    assert seen.stages == {}
    assert holds(seen, {"stage": {"$exists": False}})


def test_segments_are_known_before_what_asks_for_them() -> None:
    rules = ruleset(
        segments=[
            segment("loyal-german", {"segments": {"$all": ["german", "loyal"]}}),
            segment("loyal", {"stage": "loyal"}),
            segment("german", {"context.country": "DE"}),
            segment("returning", {"profile.is_new": False}),
        ],
        journeys=[journey("start", {"key": "loyal", "when": {"segments": {"$in": ["returning"]}}})],
    )

    seen = visitor(rules, KNOWN, {"country": "DE"})

    assert set(seen.segments) == {"loyal-german", "loyal", "german", "returning"}
    assert visitor(rules, KNOWN).segments == ["returning", "loyal"]


def test_the_primary_journey_gives_the_stage() -> None:
    journeys = [journey("a1", key="a"), journey("b1", key="b", primary=True)]

    assert visitor(ruleset(journeys=journeys)).stage == "b1"
    assert visitor(ruleset(journeys=[journeys[0]])).stage == "a1"
    assert visitor(ruleset(journeys=journeys)).stages == {"a": "a1", "b": "b1"}


def test_seeing_a_profile_leaves_it_as_it_was() -> None:
    before = repr(KNOWN)
    visitor(RULES, KNOWN, {"country": "DE"})

    assert repr(KNOWN) == before


def test_a_forced_stage_is_what_everything_that_asks_for_it_sees() -> None:
    rules = ruleset(
        segments=[segment("buyer", {"stages.purchase": "bought"}), segment("new", {"stage": "new"})],
        journeys=[
            journey("new", {"key": "bought", "when": {"traits.bought": True}}),
            journey("in", {"key": "out", "when": {"stage": "bought"}}, key="loyalty"),
        ],
    )

    seen = rules.see(Profile(), {}, Standing(visitor="v-1"), NOW, Forced(stages={"purchase": "bought"}))

    assert (seen.stage, seen.stages) == ("bought", {"purchase": "bought", "loyalty": "out"})
    assert seen.segments == ["buyer"]
    assert rules.see(Profile(), {}, Standing(visitor="v-1"), NOW).stage == "new"
