"""How a user takes over a device."""

from copy import deepcopy
from typing import Any

import pytest
from msgspec.structs import replace

from app.engine.counters import HOUR_MS
from app.engine.profile import ArmHeld, ConsentHeld, Profile, StageHeld, StageMove
from app.engine.records import CapDelivery, ConsentSaid, Record, TraitsSet
from app.kit.clock import ms_of
from app.profiles.fold import DELIVERIES_LIMIT, MOVES_LIMIT, fold
from app.profiles.merge import joined, left_behind, may_take_over
from tests.builders import DAY, HOUR, MINUTE, NOW, assignment, event, journey, profile, ruleset
from tests.unit.profiles.joining import NOW_MS, RULES, together, views


def test_a_stranger_who_takes_over_a_device_has_all_of_it() -> None:
    device = profile(RULES, *views(-2, -1), assignment("e", "a"))

    assert together(Profile(), device) == replace(device, traits_ms=NOW_MS)


def test_a_device_that_knows_nothing_changes_nothing() -> None:
    user = profile(RULES, *views(-2, -1), assignment("e", "a"))

    assert together(user, Profile()) == replace(user, traits_ms=NOW_MS)


def test_neither_profile_given_is_changed() -> None:
    user, device = profile(RULES, *views(-4, -3)), profile(RULES, *views(-2, -1), assignment("e", "a"))
    before = deepcopy((user, device))

    together(user, device)
    left_behind(device, "u-1")

    assert (user, device) == before


def test_of_two_arms_the_earliest_wins() -> None:
    user = profile(None, assignment("e", "user", NOW), assignment("f", "user", NOW - DAY))
    device = profile(None, assignment("e", "device", NOW - HOUR), assignment("f", "device", NOW))
    alone = profile(None, assignment("g", "device"))

    assert together(user, device).arms == {
        "e": ArmHeld("device", 1, NOW_MS - HOUR_MS),
        "f": ArmHeld("user", 1, ms_of(NOW - DAY)),
    }
    assert set(together(user, alone).arms) == {"e", "f", "g"}


def test_of_two_arms_of_one_instant_the_users_is_kept() -> None:
    user, device = profile(None, assignment("e", "user")), profile(None, assignment("e", "device"))

    assert together(user, device).arms["e"].arm == "user"


def test_what_was_said_last_of_a_purpose_holds() -> None:
    user = Profile(consent={"a": ConsentHeld(granted=True, at_ms=5), "b": ConsentHeld(granted=True, at_ms=5)})
    device = Profile(
        consent={"a": ConsentHeld(granted=False, at_ms=6), "b": ConsentHeld(granted=False, at_ms=4)}
    )
    alone = Profile(consent={"c": ConsentHeld(granted=False, at_ms=1)})

    assert together(user, device).consent == {"a": device.consent["a"], "b": user.consent["b"]}
    assert set(together(user, alone).consent) == {"a", "b", "c"}


def test_deliveries_of_capped_rules_add_up() -> None:
    user, device = Profile(caps={"r": [2, 5], "s": [1]}), Profile(caps={"r": [1, 3], "t": [4]})

    assert together(user, device).caps == {"r": [1, 2, 3, 5], "s": [1], "t": [4]}


def test_deliveries_of_capped_rules_are_bounded() -> None:
    numbers = range(DELIVERIES_LIMIT)
    user, device = (
        Profile(caps={"r": [2 * n for n in numbers]}),
        Profile(caps={"r": [2 * n + 1 for n in numbers]}),
    )

    assert together(user, device).caps["r"] == list(range(DELIVERIES_LIMIT, 2 * DELIVERIES_LIMIT))


def test_the_users_own_traits_come_first() -> None:
    user, device = Profile(traits={"plan": "gold"}), Profile(traits={"plan": "free", "age": 7})

    assert together(user, device).traits == {"plan": "gold", "age": 7}


@pytest.mark.parametrize(("user", "device", "first"), [(0, 0, 0), (0, 5, 5), (5, 0, 5), (3, 5, 3), (5, 3, 3)])
def test_the_earlier_first_visit_is_kept(user: int, device: int, first: int) -> None:
    assert together(Profile(first_ms=user), Profile(first_ms=device)).first_ms == first


def test_a_merge_that_fulfils_a_condition_moves_the_user() -> None:
    user, device = profile(RULES, *views(-9)), profile(RULES, *views(-5, -3))

    both, moves = joined(user, device, NOW_MS, RULES)

    told = StageMove("purchase", "first", "second", NOW_MS, "second.when")
    assert (moves, both.stages) == ([told], {"purchase": StageHeld("second", NOW_MS)})
    assert [move.stage for move in both.moves] == ["first", "first", "second"]


def test_a_merge_moves_nobody_back_in_time() -> None:
    user, device = profile(RULES, *views(-9)), profile(RULES, *views(-5, 30))

    assert joined(user, device, NOW_MS, RULES)[1][0].at_ms == NOW_MS + 30 * 60_000


def test_what_decayed_before_a_merge_is_settled_first() -> None:
    second = {"key": "second", "when": {"events.v.count_since_o": {"$gte": 1}}, "stay": {}}
    rules = ruleset(journeys=[journey("first", {**second, "decay_after_days": 30})])
    user = profile(rules, event("v", NOW - 90 * DAY), event("o", NOW - 89 * DAY))
    device = profile(rules, event("x", NOW - MINUTE))
    decayed = StageMove("purchase", "second", "first", ms_of(NOW - 59 * DAY), "second.decay_after_days")

    both, moves = joined(user, device, NOW_MS, rules)

    assert (moves, both.stages) == ([decayed], {"purchase": StageHeld("first", decayed.at_ms)})
    assert [move.stage for move in both.moves] == ["second", "first", "first"]


def test_the_stage_that_the_user_stands_in_is_kept() -> None:
    user, device = profile(RULES, *views(-9)), profile(RULES, *views(-8, -7, -6))

    both, _ = joined(user, device, NOW_MS, None)
    assert both.stages["purchase"] == user.stages["purchase"]
    assert joined(Profile(), device, NOW_MS, RULES)[0].stages == device.stages


def test_moves_of_both_are_told_in_order_and_bounded() -> None:
    moves = [StageMove("purchase", None, str(n), n, "") for n in range(2 * MOVES_LIMIT)]
    both, _ = joined(Profile(moves=moves[::2]), Profile(moves=moves[1::2]), 0, None)

    assert both.moves == moves[-MOVES_LIMIT:]


def test_without_a_ruleset_nobody_moves() -> None:
    user, device = profile(RULES, *views(-9)), profile(RULES, *views(-5, -3))

    assert joined(user, device, NOW_MS, None)[1] == []


def test_a_device_keeps_what_was_shown_on_it_and_said_of_consent() -> None:
    shown: list[Record] = [
        assignment("e", "a"),
        CapDelivery(1, "v-1", "c", "r", "d", NOW_MS),
        ConsentSaid(1, "v-1", "s", {"analytics": True}, NOW_MS),
    ]
    device = profile(RULES, *shown, *views(-1), TraitsSet(1, "v-1", "t", {"plan": "gold"}, NOW_MS))

    kept = left_behind(device, "u-1")

    assert kept == fold(Profile(first_ms=device.first_ms, owner="u-1"), shown, None)


@pytest.mark.parametrize(
    ("device", "may"),
    [
        ({}, True),
        ({"events": 1}, True),
        ({"owner": "u-1"}, False),
        ({"owner": "u-1", "events": 1}, True),
        ({"owner": "u-1", "traits": {"a": 1}}, True),
        ({"owner": "u-2"}, False),
        ({"owner": "u-2", "events": 1}, False),
    ],
)
def test_the_first_user_takes_over_and_the_second_starts_fresh(device: dict[str, Any], *, may: bool) -> None:
    assert may_take_over(Profile(**device), "u-1") is may


def test_what_was_taken_over_before_counts_once() -> None:
    delivery = CapDelivery(1, "v-1", "c", "r", "d", NOW_MS)
    device = profile(RULES, delivery, *views(-2))
    user = together(Profile(), device)
    news = [replace(delivery, at_ms=NOW_MS + 1), *views(3)]

    both = together(user, fold(left_behind(device, "u-1"), news, RULES))

    assert (both.caps, both.events) == ({"r": [NOW_MS, NOW_MS + 1]}, 2)
    assert both.counters["v"].count == 2
