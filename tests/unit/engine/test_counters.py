"""What conditions can ask of the events of one name."""

from typing import Any

import pytest

from app.engine.counters import (
    DAY_MS,
    HOUR_MS,
    EventNeeds,
    count_within,
    needs_of,
    reader_of,
)
from app.engine.event_attributes import NEVER_DAYS
from app.engine.profile import Counter
from app.kit.clock import ms_of
from tests.builders import NOW

NOW_MS = ms_of(NOW)


def read(attribute: str, now_ms: int = NOW_MS, **counted: Any) -> object:
    return reader_of(attribute)(Counter(**counted), now_ms)


def test_only_what_is_asked_for_is_needed() -> None:
    needs = needs_of(
        [
            "events.page_viewed.count_7d",
            "events.page_viewed.count_30d",
            "events.page_viewed.last_category",
            "events.order_completed.sum_value",
            "events.order_completed.sum_tax",
            "events.order_completed.days_since",
            "events.order_completed.last_at",
            "traits.plan",
            "stage",
        ]
    )

    assert needs == {
        "page_viewed": EventNeeds(window_days=30, latest=frozenset({"category"})),
        "order_completed": EventNeeds(sums=frozenset({"value", "tax"})),
    }


@pytest.mark.parametrize("attribute", ["count", "first_at", "last_at", "days_since"])
def test_the_plain_attributes_need_nothing_but_the_counter(attribute: str) -> None:
    assert needs_of([f"events.page_viewed.{attribute}"]) == {"page_viewed": EventNeeds()}


def test_since_another_event_needs_that_event_too() -> None:
    needs = needs_of(["events.product_viewed.count_since_order_completed"])

    assert needs == {
        "product_viewed": EventNeeds(since=frozenset({"order_completed"})),
        "order_completed": EventNeeds(restarts=frozenset({"product_viewed"})),
    }


def test_the_other_event_keeps_its_own_needs() -> None:
    needs = needs_of(["events.a.count_since_b", "events.b.count_3d", "events.b.count_since_a"])

    assert needs == {
        "a": EventNeeds(since=frozenset({"b"}), restarts=frozenset({"b"})),
        "b": EventNeeds(window_days=3, since=frozenset({"a"}), restarts=frozenset({"a"})),
    }


def test_a_path_into_the_latest_value_needs_that_value() -> None:
    assert needs_of(["events.a.last_item.color"]) == {"a": EventNeeds(latest=frozenset({"item"}))}


def test_a_ruleset_that_asks_for_no_events_needs_none() -> None:
    assert needs_of(["traits.plan", "context.country", "segments", "profile.is_new"]) == {}


def test_the_plain_attributes_of_events_that_were() -> None:
    counted = {"count": 3, "first_ms": NOW_MS - 2 * DAY_MS, "last_ms": NOW_MS - DAY_MS}

    assert read("count", **counted) == 3
    assert read("first_at", **counted) == "2026-03-08T12:00:00.000Z"
    assert read("last_at", **counted) == "2026-03-09T12:00:00.000Z"
    assert read("days_since", **counted) == 1


@pytest.mark.parametrize(
    ("attribute", "answer"),
    [
        ("count", 0),
        ("count_1d", 0),
        ("count_90d", 0),
        ("count_since_order_completed", 0),
        ("sum_value", 0),
        ("first_at", None),
        ("last_at", None),
        ("last_value", None),
        ("days_since", NEVER_DAYS),
    ],
)
def test_an_event_that_never_was(attribute: str, answer: object) -> None:
    assert read(attribute) == answer


@pytest.mark.parametrize(
    ("passed_ms", "days"),
    [(0, 0), (DAY_MS - 1, 0), (DAY_MS, 1), (2 * DAY_MS - 1, 1), (90 * DAY_MS, 90), (-60_000, 0)],
)
def test_days_since_are_whole_days_and_never_negative(passed_ms: int, days: int) -> None:
    assert read("days_since", count=1, first_ms=1, last_ms=NOW_MS - passed_ms) == days


def test_sums_latest_values_and_counts_since_are_read_by_name() -> None:
    counted: dict[str, Any] = {
        "count": 5,
        "sums": {"value": 59.9},
        "latest": {"score": 9, "at_home": True},
        "since": {"order_completed": 2},
    }

    assert read("sum_value", **counted) == 59.9
    assert read("sum_tax", **counted) == 0
    assert read("last_score", **counted) == 9
    assert read("last_at_home", **counted) is True
    assert read("count_since_order_completed", **counted) == 2
    assert read("count_since_survey_answered", **counted) == 5


@pytest.mark.parametrize(
    ("age_ms", "counts"),
    [(0, 1), (1, 1), (DAY_MS - 1, 1), (DAY_MS, 0), (DAY_MS + 1, 0), (-1, 0)],
)
def test_a_window_is_open_where_it_starts_and_closed_where_it_ends(age_ms: int, counts: int) -> None:
    assert count_within(1)(Counter(recent=[NOW_MS - age_ms]), NOW_MS) == counts


def test_a_window_is_exact_to_the_millisecond() -> None:
    recent = [NOW_MS - age for age in range(3 * DAY_MS, 0, -HOUR_MS)]

    for days in (1, 2, 3):
        expected = sum(NOW_MS - days * DAY_MS < at <= NOW_MS for at in recent)
        assert count_within(days)(Counter(recent=recent), NOW_MS) == expected


def test_beyond_the_bound_whole_hours_inside_the_window_count() -> None:
    this_hour = NOW_MS // HOUR_MS
    hours = {
        this_hour - 25: 1,
        this_hour - 24: 10,
        this_hour - 23: 100,
        this_hour: 1_000,
        this_hour + 1: 10_000,
    }

    # The window starts at the beginning of an hour, which is outside of it by a millisecond.
    assert count_within(1)(Counter(hours=hours), NOW_MS) == 1_100
    assert count_within(1)(Counter(hours=hours), NOW_MS - 1) == 110
    assert count_within(1)(Counter(recent=[NOW_MS], hours=hours), NOW_MS) == 1_101
