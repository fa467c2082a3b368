"""What a cached profile takes from the durable one that is ahead of it."""

from copy import deepcopy

import pytest
from msgspec.structs import replace

from app.engine.profile import ArmHeld, ConsentHeld, Profile
from app.engine.records import Record
from app.profiles.fold import fold
from app.profiles.heal import caught_up
from app.profiles.merge import left_behind
from tests.builders import DAY, NOW, assignment, consent_said, delivery, event, ruleset, segment, traits_set

RULES = ruleset(segments=[segment("s", {"events.v.count_30d": {"$gte": 1}})])
RECORDS: list[Record] = [
    event("v", NOW - 2 * DAY),
    assignment("hero", "a", NOW - 2 * DAY),
    traits_set(NOW - DAY, plan="gold"),
    delivery("once", NOW - DAY),
    consent_said(NOW - DAY, analytics=False),
    event("v", NOW),
]


def test_who_is_level_stays_as_they_are() -> None:
    level = fold(Profile(), RECORDS, RULES)

    assert caught_up(level, deepcopy(level)) == level


@pytest.mark.parametrize("missing", range(len(RECORDS)))
def test_whatever_record_the_cache_has_lost_it_gets_again(missing: int) -> None:
    durable = fold(Profile(), RECORDS, RULES)
    cached = fold(Profile(), [*RECORDS[:missing], *RECORDS[missing + 1 :]], RULES)

    assert caught_up(cached, durable) == durable


def test_what_has_not_been_shipped_yet_stays() -> None:
    durable = fold(Profile(), RECORDS[:3], RULES)
    cached = fold(Profile(), RECORDS, RULES)

    assert caught_up(cached, durable) == cached


def test_of_as_many_events_those_of_the_cache_stay() -> None:
    durable = fold(Profile(), [event("v", NOW - DAY)], RULES)
    cached = fold(Profile(), [event("v", NOW)], RULES)

    assert caught_up(cached, durable).counters == cached.counters != durable.counters


def test_traits_that_were_set_since_stay() -> None:
    durable = fold(Profile(), RECORDS, RULES)
    cached = fold(durable, [traits_set(NOW, plan=None, age=7)], RULES)

    assert caught_up(cached, durable).traits == {"age": 7}
    assert caught_up(durable, cached).traits == {"age": 7}


def test_who_lost_an_arm_and_knows_of_a_new_event_keeps_both() -> None:
    durable = fold(Profile(), RECORDS[:2], RULES)
    cached = fold(Profile(), [RECORDS[0], RECORDS[-1]], RULES)

    healed = caught_up(cached, durable)

    assert (healed.events, healed.arms) == (2, {"hero": ArmHeld("a", 1, durable.first_ms)})


def test_a_device_that_was_taken_over_is_emptied() -> None:
    cached = fold(Profile(), RECORDS, RULES)
    durable = Profile(first_ms=cached.first_ms, arms=cached.arms, owner="$user:u-1")

    assert caught_up(cached, durable) == durable


@pytest.mark.parametrize("owner", [None, "$user:u-1"])
def test_what_went_over_by_a_merge_that_is_not_shipped_yet_does_not_come_back(owner: str | None) -> None:
    durable = replace(fold(Profile(), RECORDS, RULES), owner=owner)
    cached = left_behind(durable, "$user:u-1")

    assert caught_up(cached, durable) == cached


def test_a_device_that_was_taken_over_gets_again_what_it_keeps() -> None:
    durable = replace(fold(Profile(), RECORDS, RULES), owner="$user:u-1")
    cached = Profile(first_ms=durable.first_ms, owner="$user:u-1")

    assert caught_up(cached, durable) == left_behind(durable, "$user:u-1")


def test_what_was_said_last_counts() -> None:
    older, newer = {"analytics": ConsentHeld(False, 1)}, {"analytics": ConsentHeld(True, 2)}

    for cached, durable in ((older, newer), (newer, older)):
        assert caught_up(Profile(consent=cached), Profile(consent=durable)).consent == newer
