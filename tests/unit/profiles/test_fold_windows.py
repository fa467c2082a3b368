"""Windows are exact while at most 1,000 events lie in them; beyond, whole hours serve."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.engine.counters import DAY_MS, HOUR_MS, count_within
from app.engine.profile import Counter
from app.kit.clock import ms_of
from app.profiles.fold import fold
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, event, profile, ruleset, segment

RULES = ruleset(segments=[segment("s", {"events.x.count_2d": 1, "events.x.count_1d": 1})])
NOW_MS = ms_of(NOW)


def counter_of(ages: Sequence[timedelta]) -> Counter:
    return profile(RULES, *(event("x", NOW - age) for age in ages)).counters["x"]


def test_a_window_keeps_what_it_can_ask_for() -> None:
    counter = counter_of([5 * DAY, 2 * DAY, 2 * DAY - SECOND, HOUR, 0 * SECOND])

    assert counter.recent == [NOW_MS - 2 * DAY_MS + 1_000, NOW_MS - HOUR_MS, NOW_MS]
    assert (counter.count, counter.hours) == (5, {})


def test_the_longest_window_asked_for_is_kept_and_the_shorter_ones_lie_in_it() -> None:
    counter = counter_of([2 * DAY - SECOND, 1 * DAY, 1 * DAY - SECOND, HOUR])

    assert [count_within(days)(counter, NOW_MS) for days in (1, 2)] == [2, 4]


def test_without_a_window_no_instants_are_kept() -> None:
    rules = ruleset(segments=[segment("s", {"events.x.count": 1})])

    assert profile(rules, event("x")).counters["x"].recent == []


@pytest.mark.parametrize("count", [1_000 - 1, 1_000])
def test_a_window_is_exact_up_to_its_bound(count: int) -> None:
    counter = counter_of([n * MINUTE for n in range(count, 0, -1)])

    assert (len(counter.recent), counter.hours) == (count, {})
    assert count_within(1)(counter, NOW_MS) == min(count, 24 * 60 - 1)
    # A window that starts in the middle of them is exact to the millisecond.
    later_ms = NOW_MS + DAY_MS - 500 * 60_000
    assert count_within(1)(counter, later_ms) == 499


def test_beyond_the_bound_the_oldest_are_counted_by_their_hour() -> None:
    counter = counter_of([n * MINUTE for n in range(1_000 + 90, 0, -1)])
    oldest = NOW_MS - (1_000 + 90) * 60_000

    assert counter.recent == [NOW_MS - n * 60_000 for n in range(1_000, 0, -1)]
    # 1,090 minutes before noon it was 17:50 of the day before.
    assert counter.hours == {oldest // HOUR_MS: 10, oldest // HOUR_MS + 1: 60, oldest // HOUR_MS + 2: 20}
    assert count_within(1)(counter, NOW_MS) == 1_000 + 90


def test_a_smaller_window_stays_exact_when_the_larger_overflows() -> None:
    ages = [*(1 * DAY + n * SECOND for n in range(1_500, 0, -1)), *(n * SECOND for n in range(999, -1, -1))]
    counter = counter_of(ages)

    assert count_within(1)(counter, NOW_MS) == 1_000
    assert count_within(2)(counter, NOW_MS) == 2_500


def test_the_error_beyond_the_bound_is_less_than_the_first_hour() -> None:
    ages = [n * 30 * SECOND for n in range(5_000, 0, -1)]
    counter = counter_of(ages)

    for minutes in (0, 1, 30, 59, 60, 90):
        at = NOW + minutes * MINUTE
        exact = sum(at - DAY < NOW - age for age in ages)
        assert exact - 120 < count_within(1)(counter, ms_of(at)) <= exact


def test_hours_are_forgotten_once_no_window_reaches_them() -> None:
    counter = counter_of([n * SECOND for n in range(1_000 + 5, 0, -1)])
    assert counter.hours == {NOW_MS // HOUR_MS - 1: 5}

    kept, gone = fold_later(counter, 2 * DAY - SECOND), fold_later(counter, 2 * DAY)

    assert kept.hours == counter.hours
    assert gone.hours == {}


def fold_later(counter: Counter, after: timedelta) -> Counter:
    remembered = profile(None)
    remembered.counters = {"x": counter}
    return fold(remembered, [event("x", NOW + after)], RULES).counters["x"]


def test_a_late_event_finds_its_place_among_the_others() -> None:
    counter = counter_of([HOUR, 0 * SECOND, 30 * MINUTE, 90 * MINUTE])

    assert counter.recent == [NOW_MS - minutes * 60_000 for minutes in (90, 60, 30, 0)]


def test_a_late_event_from_before_the_bound_is_counted_by_its_hour() -> None:
    ages = [n * SECOND for n in range(1_000, 0, -1)]
    counter = counter_of([*ages, 3 * HOUR])

    assert counter.hours == {NOW_MS // HOUR_MS - 3: 1}
    assert count_within(1)(counter, NOW_MS) == 1_000 + 1


def test_a_late_event_from_before_every_window_counts_in_none() -> None:
    counter = counter_of([0 * SECOND, 5 * DAY])

    assert counter.count == 2
    assert [count_within(days)(counter, NOW_MS) for days in (1, 2)] == [1, 1]


def test_a_busy_visitor_keeps_a_small_profile() -> None:
    counter = counter_of([n * 10 * SECOND for n in range(20_000, 0, -1)])

    assert len(counter.recent) == 1_000
    assert len(counter.hours) <= 2 * 24 + 1
    assert counter.count == 20_000
