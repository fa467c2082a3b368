"""What was counted on a device is added to what was counted of its user."""

from collections.abc import Sequence

import pytest

from app.engine.counters import HOUR_MS, RECENT_LIMIT, count_within
from app.engine.profile import Counter, Profile
from app.engine.records import Record
from app.profiles.fold import fold
from app.profiles.merge import joined
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, event, profile, ruleset, segment
from tests.unit.profiles.joining import NOW_MS, RULES, together, views


def counted(user: Sequence[Record], device: Sequence[Record], name: str = "v") -> Counter:
    return together(profile(RULES, *user), profile(RULES, *device)).counters[name]


def test_what_was_counted_adds_up() -> None:
    counter = counted(views(-9, -3, value=2), views(-7, -1, value=0.5))

    assert (counter.count, counter.first_ms, counter.last_ms) == (4, NOW_MS - 540_000, NOW_MS - 60_000)
    assert counter.recent == [NOW_MS - minutes * 60_000 for minutes in (9, 7, 3, 1)]
    assert (counter.sums, counter.latest) == ({"value": 5.0}, {"value": 0.5})


def test_of_two_latest_values_of_one_instant_the_devices_is_kept() -> None:
    assert counted(views(-1, value=2), views(-1, value=0.5)).latest == {"value": 0.5}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "v"),
        ("v", "v"),
        ("vo", "  v"),
        ("  vo", "v"),
        ("  vov", "v"),
        ("vvov", " v v  v"),
        ("v o v", " o v o v"),
        ("o", "v"),
        (" o", "v"),
        ("o  v", " v"),
    ],
)
def test_counts_since_are_those_of_one_who_did_it_all(one: str, other: str, *, swapped: bool) -> None:
    user, device = (
        [event(name, NOW + n * MINUTE + shift) for n, name in enumerate(names) if name != " "]
        for names, shift in ((one, 0 * SECOND), (other, SECOND))
    )
    if swapped:
        user, device = device, user
    all_of_it = profile(RULES, *sorted([*user, *device], key=lambda one: one.at_ms)).counters

    assert together(profile(RULES, *user), profile(RULES, *device)).counters == all_of_it


def test_without_a_window_what_came_wholly_before_or_after_is_exact() -> None:
    before, after = [event("w", NOW - DAY)], [event("w", NOW + MINUTE)]
    ordered = [event("w", NOW - HOUR), event("o"), event("w", NOW + HOUR)]

    assert counted(ordered, before, "w").since == {"o": 1}
    assert counted(ordered, after, "w").since == {"o": 2}
    assert counted(ordered, [*before, *after], "w").since == {"o": 2}
    assert counted(ordered, [*before, *after, *after], "w").since == {"o": 2}


def test_of_the_other_event_at_one_instant_on_both_sides_the_users_is_gone_by() -> None:
    assert counted([event("w"), event("o")], [event("o"), event("w")], "w").since == {"o": 1}


def test_windows_stay_within_their_bound() -> None:
    seconds = range(RECENT_LIMIT)
    user = profile(RULES, *(event("v", NOW - 2 * n * SECOND) for n in reversed(seconds)))
    device = profile(RULES, *(event("v", NOW - (2 * n + 1) * SECOND) for n in reversed(seconds)))

    counter = together(user, device).counters["v"]

    assert counter.recent == [NOW_MS - n * 1_000 for n in reversed(seconds)]
    assert counter.hours == {NOW_MS // HOUR_MS - 1: RECENT_LIMIT}
    assert (counter.count, count_within(7)(counter, NOW_MS)) == (2 * RECENT_LIMIT, 2 * RECENT_LIMIT)


def test_hours_add_up() -> None:
    user, device = (
        Profile(counters={"v": Counter(count=1, hours=hours)}) for hours in ({1: 2, 2: 1}, {2: 3, 3: 1})
    )

    assert joined(user, device, 0, None)[0].counters["v"].hours == {1: 2, 2: 4, 3: 1}


def test_counters_of_the_same_needs_stay_complete() -> None:
    both = together(profile(RULES, *views(-2)), profile(RULES, *views(-1), event("w")))

    assert both.asked == RULES.asked
    assert {name: counter.asked for name, counter in both.counters.items()} == {
        name: RULES.needs[name].signature for name in "vw"
    }


def test_what_one_of_both_was_never_asked_is_complete_for_neither() -> None:
    """The user may well have done it, but nobody counted."""
    others = ruleset(segments=[segment("asks", {"events.o.count": 1})])
    user, device = profile(others, *views(-2), event("o")), profile(RULES, *views(-1), event("w"))

    for both in (together(user, device), together(device, user)):
        assert both.asked == ""
        assert {name: counter.asked for name, counter in both.counters.items() if counter.asked} == {}


def test_counters_that_were_complete_by_themselves_stay_so() -> None:
    more = ruleset(segments=[segment("asks", {"events.v.count_7d": 1, "events.x.count": 1})])
    less = ruleset(segments=[segment("asks", {"events.v.count_7d": 1})])
    both = together(profile(more, *views(-2)), profile(less, *views(-1)))

    assert both.asked == ""
    assert both.counters["v"].asked == less.needs["v"].signature == more.needs["v"].signature


def test_a_counter_is_complete_only_where_the_other_side_was_asked_the_same_from_the_first() -> None:
    less = ruleset(segments=[segment("asks", {"events.v.count_7d": 1})])
    more = ruleset(segments=[segment("asks", {"events.v.count_7d": 1, "events.x.count": 1})])
    user = fold(profile(less, *views(-2)), [event("x")], more)
    device = profile(None, *views(-1))

    assert (user.asked, device.asked) == ("", "")
    assert user.counters["v"].asked == less.needs["v"].signature
    assert together(user, device).counters["v"].asked == ""
