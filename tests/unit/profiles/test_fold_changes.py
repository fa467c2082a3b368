"""How what was delivered, said and set changes a profile, and what does not."""

from typing import Any

import msgspec

from app.engine.profile import ConsentHeld, Profile
from app.engine.records import CapDelivery, ConsentSaid, Inputs, Merge, TraitsSet, Unmerge
from app.kit.clock import ms_of
from app.profiles.fold import DELIVERIES_LIMIT
from tests.builders import NOW, profile, ruleset, segment

NOW_MS = ms_of(NOW)
RULES = ruleset(segments=[segment("asks", {"events.x.count": 1})])


def test_what_decisions_were_taken_on_changes_no_profile() -> None:
    asked = Inputs(1, "v-1", "d-1", 1, msgspec.Raw(b"{}"), NOW_MS)

    assert profile(RULES, asked) == Profile()


def test_merges_are_left_to_those_who_know_both_profiles() -> None:
    made = (kind(1, "v-1", "m-1", "u-1", NOW_MS) for kind in (Merge, Unmerge))

    assert profile(RULES, *made) == Profile()


def delivered(at_ms: int, rule: str = "r") -> CapDelivery:
    return CapDelivery(1, "v-1", f"c-{at_ms}", rule, "d-1", at_ms)


def test_deliveries_are_kept_in_the_order_of_their_instants() -> None:
    remembered = profile(None, delivered(5), delivered(7), delivered(6), delivered(5), delivered(1, "s"))

    assert remembered.caps == {"r": [5, 5, 6, 7], "s": [1]}


def test_deliveries_are_bounded_to_the_newest() -> None:
    late = delivered(0)
    remembered = profile(None, *map(delivered, range(1, DELIVERIES_LIMIT + 3)), late)

    assert remembered.caps["r"] == list(range(3, DELIVERIES_LIMIT + 3))


def said(at_ms: int, **purposes: bool) -> ConsentSaid:
    return ConsentSaid(1, "v-1", f"s-{at_ms}", purposes, at_ms)


def test_what_is_said_last_of_each_purpose_holds() -> None:
    remembered = profile(None, said(1, a=True, b=True), said(2, a=False), said(2, b=False), said(2, b=True))

    assert remembered.consent == {
        "a": ConsentHeld(granted=False, at_ms=2),
        "b": ConsentHeld(granted=True, at_ms=2),
    }


def test_what_was_said_before_does_not_override_what_was_said_later() -> None:
    remembered = profile(None, said(5, a=False), said(4, a=True, b=True))

    assert remembered.consent == {
        "a": ConsentHeld(granted=False, at_ms=5),
        "b": ConsentHeld(granted=True, at_ms=4),
    }


def test_traits_are_patched_and_null_takes_them_away() -> None:
    patches: list[dict[str, Any]] = [{"plan": "free", "age": 7}, {"plan": "gold"}, {"age": None, "no": None}]
    remembered = profile(None, *(TraitsSet(1, "v-1", f"t-{n}", one, n) for n, one in enumerate(patches)))

    assert remembered.traits == {"plan": "gold"}


def test_changes_alone_make_nobody_a_visitor() -> None:
    remembered = profile(RULES, delivered(5), said(5, a=True))

    assert (remembered.first_ms, remembered.events, remembered.asked) == (0, 0, "")
