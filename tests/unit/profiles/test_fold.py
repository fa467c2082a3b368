"""How events change what is counted of a visitor."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from app.engine.profile import ArmHeld, Counter, Profile
from app.engine.records import Event
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.profiles.fold import fold
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, assignment, event, profile, ruleset, segment

NOW_MS = ms_of(NOW)
LARGEST = 2**63 - 1


def asking(*paths: str) -> Ruleset:
    """A ruleset that asks for some attributes of events."""
    return ruleset(segments=[segment("asks", {path: {"$exists": True} for path in paths})])


def counted(rules: Ruleset, *events: Event, name: str = "x") -> Counter:
    return profile(rules, *events).counters[name]


def test_every_event_counts_at_its_instant() -> None:
    counter = counted(
        asking("events.x.count"), event("x", NOW - DAY), event("x"), event("y"), event("x", NOW)
    )

    asked = asking("events.x.count").needs["x"].signature
    assert counter == Counter(count=3, first_ms=ms_of(NOW - DAY), last_ms=NOW_MS, asked=asked)


def test_what_nobody_asks_for_is_not_kept() -> None:
    remembered = profile(asking("events.x.count"), event("x", value=1), event("y", value=1))

    assert set(remembered.counters) == {"x"}
    assert remembered.events == 2
    assert (remembered.first_ms, remembered.last_event_ms) == (NOW_MS, NOW_MS)


def test_without_a_ruleset_only_arms_and_instants_are_kept() -> None:
    remembered = profile(None, event("x", NOW - DAY), assignment("e", "a"), event("x"))

    assert remembered == Profile(
        first_ms=ms_of(NOW - DAY), last_event_ms=NOW_MS, arms={"e": ArmHeld("a", 1, NOW_MS)}, events=2
    )


def test_a_late_event_counts_at_its_own_instant() -> None:
    rules = asking("events.x.count_7d")
    remembered = profile(rules, event("x"), event("x", NOW - 2 * DAY), event("x", NOW - DAY))
    counter = remembered.counters["x"]

    assert (remembered.first_ms, remembered.last_event_ms) == (ms_of(NOW - 2 * DAY), NOW_MS)
    assert (counter.count, counter.first_ms, counter.last_ms) == (3, ms_of(NOW - 2 * DAY), NOW_MS)
    assert counter.recent == [ms_of(NOW - n * DAY) for n in (2, 1, 0)]


def test_the_latest_value_is_that_of_the_latest_event_that_had_it() -> None:
    rules = asking("events.x.last_score", "events.x.last_note")
    first, second, third = (
        event("x", NOW - HOUR, score=3, note="a"),
        event("x", score=9),
        event("x", NOW, note=None),
    )

    assert counted(rules, first, second).latest == {"score": 9, "note": "a"}
    assert counted(rules, first, second, third).latest == {"score": 9, "note": None}


def test_a_late_event_changes_no_latest_value() -> None:
    rules = asking("events.x.last_score")

    assert counted(rules, event("x", score=9), event("x", NOW - DAY, score=3)).latest == {"score": 9}


def test_a_late_event_tells_what_no_later_one_has_told() -> None:
    rules = asking("events.x.last_score", "events.x.last_note")
    late = [
        event("x", note="new"),
        event("x", NOW - HOUR, score=3, note="old"),
        event("x", NOW - DAY, score=9),
    ]

    assert counted(rules, *late).latest == {"score": 3, "note": "new"}


def test_of_two_events_at_once_the_second_is_the_latest() -> None:
    assert counted(asking("events.x.last_n"), event("x", n=1), event("x", n=2)).latest == {"n": 2}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("x" * (1_025), "x" * 1_024),
        (list(range(33)), list(range(32))),
        (["a" * 5_000, 10**30, [1], {"a": 1}, None, True], ["a" * 1_024, 1e30, None, True]),
        ({"nested": {"deeply": 1}}, None),
        (LARGEST, LARGEST),
        (-LARGEST - 1, -LARGEST - 1),
        (LARGEST + 1, float(2**63)),
        (-LARGEST - 2, float(-(2**63))),
        (10**400, 0.0),
        (0.5, 0.5),
        (False, False),
        ("", ""),
    ],
)
def test_what_is_kept_of_a_value_is_bounded(value: Any, kept: object) -> None:
    counter = counted(asking("events.x.last_value"), event("x", value=value))

    assert counter.latest == {"value": kept}
    assert type(counter.latest["value"]) is type(kept)
    # Whatever is kept can be stored.
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(counter), type=Counter) == counter


@pytest.mark.parametrize(
    ("names", "since"),
    [
        ("v", 1),
        ("vv", 2),
        ("o", None),
        ("ov", 1),
        ("vo", 0),
        ("vvovvv", 3),
        ("vovo", 0),
        ("ovovv", 2),
        ("vxvx", 2),
    ],
)
def test_counts_since_start_anew_with_the_other_event(names: str, since: int | None) -> None:
    rules = asking("events.v.count_since_o")
    remembered = profile(rules, *(event(name, NOW + n * MINUTE) for n, name in enumerate(names)))
    counter = remembered.counters.get("v")

    assert (None if counter is None else counter.since["o"]) == since


def test_an_event_from_before_the_other_was_not_since() -> None:
    rules = asking("events.v.count_since_o")
    late = [
        event("v", NOW - HOUR),
        event("o"),
        event("v", NOW - MINUTE),
        event("v", NOW),
        event("v", NOW + MINUTE),
    ]

    assert counted(rules, *late, name="v").since == {"o": 2}
    assert counted(rules, event("o"), event("v", NOW - MINUTE), name="v").since == {"o": 0}


def test_the_other_event_counts_from_its_latest_even_where_one_comes_late() -> None:
    rules = asking("events.v.count_since_o")
    late = [event("o"), event("v", NOW + MINUTE), event("o", NOW - DAY)]

    assert counted(rules, *late, name="v").since == {"o": 1}


@pytest.mark.parametrize("asked", ["events.v.count_7d", "events.v.count"])
def test_another_event_that_comes_late_leaves_what_came_after_it_counted(asked: str) -> None:
    rules = asking("events.v.count_since_o", asked)
    views = [event("v", NOW + n * MINUTE) for n in range(3)]

    assert counted(rules, *views, event("o", NOW - HOUR), name="v").since == {"o": 3}
    assert counted(rules, *views, event("o", NOW + 2 * MINUTE), name="v").since == {"o": 0}


def test_another_event_that_comes_late_leaves_the_latest_of_what_came_after_it_counted() -> None:
    rules = asking("events.v.count_since_o")
    views = [event("v", NOW + n * MINUTE) for n in range(4)]

    assert counted(rules, *views[:2], event("o", NOW + 30 * SECOND), name="v").since == {"o": 1}
    assert counted(rules, *views, event("o", NOW + 30 * SECOND), name="v").since == {"o": 1}
    assert counted(rules, *views, event("o", NOW + 3 * MINUTE), name="v").since == {"o": 0}


def test_another_event_that_comes_late_parts_what_a_window_keeps() -> None:
    rules = asking("events.v.count_since_o", "events.v.count_7d")
    views = [event("v", NOW + n * MINUTE) for n in range(4)]
    late = [event("o", NOW - HOUR), *views, event("o", NOW + MINUTE)]

    assert counted(rules, *late, name="v").since == {"o": 2}
    assert counted(rules, *late, event("o", NOW), name="v").since == {"o": 2}


def test_counts_since_several_events_are_apart() -> None:
    rules = asking("events.v.count_since_o", "events.v.count_since_s", "events.w.count_since_o")
    remembered = profile(rules, *(event(name, NOW + n * MINUTE) for n, name in enumerate("vwovsvw")))

    assert remembered.counters["v"].since == {"o": 2, "s": 1}
    assert remembered.counters["w"].since == {"o": 1}


def test_what_a_later_revision_no_longer_asks_stays_as_it_was() -> None:
    before = profile(asking("events.v.count_since_o", "events.w.count"), event("v"), event("w"))
    after = fold(before, [event("o"), event("v")], asking("events.o.count"))

    assert after.counters["v"] == replace(before.counters["v"], asked="")
    assert after.counters["o"].count == 1


def test_what_a_later_revision_asks_for_the_first_time_begins_with_what_is_known() -> None:
    before = profile(asking("events.v.count"), event("v"), event("v"))
    after = fold(before, [event("v", value=2)], asking("events.v.count_since_o", "events.v.sum_value"))

    assert after.counters["v"].since == {"o": 3}
    assert after.counters["v"].sums == {"value": 2.0}


def test_the_first_arm_is_kept() -> None:
    remembered = profile(
        None, assignment("e", "a", NOW, phase=2), assignment("e", "b", NOW + DAY), assignment("f", "b")
    )

    assert remembered.arms == {"e": ArmHeld("a", 2, NOW_MS), "f": ArmHeld("b", 1, NOW_MS)}
    assert (remembered.first_ms, remembered.last_event_ms) == (NOW_MS, 0)


def test_an_earlier_arm_that_comes_late_wins() -> None:
    late = assignment("e", "b", NOW - DAY, phase=3)

    assert profile(None, assignment("e", "a"), late).arms == {"e": ArmHeld("b", 3, ms_of(NOW - DAY))}


def test_of_two_arms_at_once_the_first_is_kept() -> None:
    assert profile(None, assignment("e", "a"), assignment("e", "b")).arms["e"].arm == "a"


def test_an_arm_held_already_is_kept() -> None:
    held = Profile(arms={"e": ArmHeld("b", 1, 5)})

    assert fold(held, [assignment("e", "a")], None) == held


def test_what_may_serve_results_alone_changes_no_profile() -> None:
    unseen = msgspec.structs.replace(event("x"), results_only=True)

    assert profile(asking("events.x.count"), unseen, assignment("e", "a", results_only=True)) == Profile()


def test_what_comes_after_a_record_that_changes_nothing_counts() -> None:
    unseen = msgspec.structs.replace(event("x"), results_only=True)

    assert counted(asking("events.x.count"), unseen, event("x")).count == 1


def test_what_may_serve_the_profile_alone_changes_it() -> None:
    seen = msgspec.structs.replace(event("x"), profile_only=True)

    assert counted(asking("events.x.count"), seen).count == 1


def test_folding_nothing_changes_nothing() -> None:
    remembered = profile(asking("events.x.count_7d"), event("x"))

    assert fold(remembered, [], asking("events.x.count_7d")) == remembered
