"""Counters are made so that conditions find what was said."""

from datetime import timedelta
from typing import Any

import pytest

from app.admin.counters import made_up_counters
from app.engine.counters import RECENT_LIMIT, reader_of
from app.engine.places import Place
from app.engine.profile import Counter
from app.kit.clock import ms_of
from tests.builders import NOW

NOW_MS = ms_of(NOW)
JUST_NOW = "2026-03-10T12:00:00.000Z"


def made_up(**said: Any) -> Counter:
    """Make the counter of one event name of which all that is said can be."""
    place = Place("", [])
    counters = made_up_counters({"viewed": said}, NOW_MS, place)
    assert place.problems == []
    return counters["viewed"]


def read(counter: Counter, *attributes: str) -> list[object]:
    return [reader_of(attribute)(counter, NOW_MS) for attribute in attributes]


def complaints(said: dict[str, Any], name: str = "viewed") -> dict[str, str]:
    place = Place("", [])
    made_up_counters({name: said}, NOW_MS, place)
    return {problem.pointer: problem.message for problem in place.problems}


@pytest.mark.parametrize(
    "said",
    [
        {"count": 2},
        {"count": 0},
        {"count": 5, "count_1d": 0, "count_7d": 2, "count_30d": 2, "count_90d": 4},
        {"count_7d": 0, "count_30d": 1},
        {"count": 3, "count_7d": 3},
        {"count": 5_000, "count_1d": 2_000, "count_7d": 3_500},
        {"sum_value": 120.0, "sum_weight": -1.5},
        {"last_score": 9, "last_plan": "gold", "last_tags": ["a", 1, None], "last_nothing": None},
        {"count": 4, "count_since_ordered": 1},
        {"first_at": "2025-01-01T00:00:00.000Z", "last_at": "2026-03-01T00:00:00.000Z"},
        {"days_since": 40, "count_30d": 0},
        {"count": 2, "count_90d": 1, "last_at": "2026-03-09T12:00:00.000Z"},
        {"count": 4, "count_7d": 2, "first_at": "2026-03-01T00:00:00.000Z"},
        {"count_7d": 2, "count_30d": 2, "first_at": "2026-01-01T00:00:00.000Z"},
        {"count": 1, "first_at": "2026-03-01T00:00:00.000Z", "last_at": "2026-03-01T00:00:00.000Z"},
    ],
)
def test_conditions_find_what_was_said(said: dict[str, Any]) -> None:
    counter = made_up(**said)

    assert dict(zip(said, read(counter, *said), strict=True)) == said


def test_what_is_named_without_anything_happened_once_just_now() -> None:
    attributes = ("count", "count_1d", "days_since", "first_at", "last_at", "count_since_ordered")

    assert read(made_up(), *attributes) == [1, 1, 0, JUST_NOW, JUST_NOW, 1]


def test_what_is_not_said_follows_from_the_count() -> None:
    assert read(made_up(count=3), "count_1d", "count_90d", "sum_value", "last_score") == [3, 3, 0, None]


def test_without_a_count_there_are_as_many_as_a_window_asks_for() -> None:
    assert read(made_up(count_7d=2, count_30d=5), "count", "count_90d") == [5, 5]


def test_events_happened_as_lately_as_the_windows_let_them() -> None:
    counter = made_up(count=2, count_7d=0)

    week = NOW - timedelta(days=7)
    assert (counter.first_ms, counter.last_ms) == (ms_of(week), ms_of(week))
    assert read(counter, "days_since", "count_8d") == [7, 2]


def test_events_happened_no_later_than_the_latest() -> None:
    assert read(made_up(count=2, days_since=10), "count_7d", "count_30d", "days_since") == [0, 2, 10]


def test_the_latest_instant_goes_before_the_days_since_it() -> None:
    assert read(made_up(last_at=JUST_NOW, days_since=3), "last_at", "days_since") == [JUST_NOW, 0]


def test_what_only_began_once_happened_then() -> None:
    assert read(made_up(first_at="2026-03-01T00:00:00.000Z"), "count", "count_7d", "days_since") == [1, 0, 9]


def test_whatever_began_earlier_than_it_ended_happened_twice() -> None:
    assert read(made_up(first_at="2026-03-01T00:00:00.000Z", last_at=JUST_NOW), "count", "count_7d") == [2, 1]


def test_names_are_spelt_as_conditions_spell_them() -> None:
    counters = made_up_counters(
        {"Order Completed": {"sum_cartValue": 5, "count_since_Page Viewed": 1}}, NOW_MS, Place("", [])
    )

    assert list(counters) == ["order_completed"]
    assert read(counters["order_completed"], "sum_cart_value", "count_since_page_viewed") == [5.0, 1]


def test_a_million_events_take_no_more_room_than_a_visitor_may_have() -> None:
    counter = made_up(count=1_000_000, count_7d=10)

    assert (len(counter.recent), counter.recent == sorted(counter.recent)) == (RECENT_LIMIT, True)
    assert sum(counter.hours.values()) == 1_000_000 - RECENT_LIMIT


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"cuont": 1}, "did you mean count?"),
        ({"": 1}, "events have no attribute"),
        ({"count_91d": 1}, "1 to 90 days"),
        ({"count": -1}, "must be an integer between 0 and 1,000,000"),
        ({"count": 1.5}, "must be an integer"),
        ({"count": True}, "must be an integer"),
        ({"count": 1_000_001}, "must be an integer"),
        ({"count_7d": "2"}, "must be an integer"),
        ({"count_since_ordered": -1}, "must be an integer"),
        ({"days_since": -1}, "between 0 and 36,500"),
        ({"days_since": 36_501}, "between 0 and 36,500"),
        ({"sum_value": "1"}, "must be a number"),
        ({"sum_value": float("nan")}, "must be a number"),
        ({"last_at": "yesterday"}, "must be an instant"),
        ({"first_at": 5}, "must be an instant"),
        ({"last_plan.tier": "gold"}, "must name a property"),
        ({"last_plan": {"tier": "gold"}}, "no objects"),
        ({"last_items": [{"sku": "bike"}]}, "no objects"),
        ({"last_items": [1] * 33}, "lists of up to 32"),
        ({"last_note": "x" * 1_025}, "text up to 1,024 characters"),
        ({"last_value": 10**30}, "numbers of 64 bits"),
    ],
)
def test_what_no_condition_can_find_is_refused_at_its_place(said: dict[str, Any], message: str) -> None:
    found = complaints(said)

    assert list(found) == [f"/viewed/{next(iter(said))}"]
    assert message in found[f"/viewed/{next(iter(said))}"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"count": 1, "count_7d": 2}, "/viewed/count"),
        ({"count": 5, "count_7d": 2, "count_30d": 1}, "/viewed/count_30d"),
        ({"count": 0, "count_7d": 1}, "/viewed/count"),
        ({"count": 1, "count_7d": 1, "days_since": 8}, "/viewed/count_7d"),
        ({"count_7d": 0, "days_since": 2}, "/viewed/days_since"),
        ({"count_7d": 0, "last_at": JUST_NOW}, "/viewed/last_at"),
        ({"first_at": JUST_NOW, "last_at": "2026-03-01T00:00:00Z"}, "/viewed/first_at"),
        ({"count": 1, "first_at": "2026-03-01T00:00:00Z", "last_at": JUST_NOW}, "/viewed/last_at"),
        ({"count": 3, "count_7d": 1, "first_at": "2026-03-09T00:00:00Z"}, "/viewed/first_at"),
    ],
)
def test_counts_that_no_events_can_have_are_refused(said: dict[str, Any], pointer: str) -> None:
    found = complaints(said)

    assert pointer in found
    assert all("does not go with the rest" in message for message in found.values())


@pytest.mark.parametrize("name", [".", "...", "$", "", "a.b.c"])
def test_any_name_is_taken_or_refused(name: str) -> None:
    assert set(complaints({"count": 1}, name)) <= {f"/{name}/count"}
