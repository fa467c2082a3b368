"""What events add to the sums that are kept of a visitor."""

from collections.abc import Sequence

import pytest

from app.engine.profile import Counter
from app.engine.records import Event
from app.profiles.count import number_of
from tests.builders import DAY, NOW, event, profile, ruleset, segment


def counted(asked: Sequence[str], *events: Event) -> Counter:
    rules = ruleset(segments=[segment("asks", {path: {"$exists": True} for path in asked})])
    return profile(rules, *events).counters["x"]


def test_sums_add_up_over_all_events() -> None:
    asked = ["events.x.sum_value", "events.x.sum_tax"]
    counter = counted(
        asked, event("x", value=59.9, tax=1), event("x", value="0.1"), event("x", NOW - DAY, value=-20)
    )

    assert counter.sums == {"value": 40.0, "tax": 1.0}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (-2.5, -2.5),
        ("59.90", 59.9),
        (" 7 ", 7.0),
        ("1e3", 1_000.0),
        ("", 0.0),
        ("12,50", 0.0),
        ("1_000", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("-Infinity", 0.0),
        ("9" * 400, 0.0),
        (10**400, 0.0),
        (-(10**400), 0.0),
        (2**70, float(2**70)),
        (float("nan"), 0.0),
        (float("inf"), 0.0),
        (True, 0.0),
        (None, 0.0),
        ([5], 0.0),
        ({"value": 5}, 0.0),
    ],
)
def test_what_is_no_number_adds_nothing(value: object, number: float) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ((1.7e308, 1.7e308), 0.0),
        ((1.7e308, 1.7e308, -1.7e308, -1.7e308), 0.0),
        (("1e16", -1.1e15, 10**30, 2.5), 2.5),
        ((1e15, "1e15"), 2e15),
        ((-1e15,), -1e15),
    ],
)
def test_a_number_that_nobody_means_adds_nothing_so_that_no_sum_is_infinite(
    values: Sequence[object], total: float
) -> None:
    counter = counted(["events.x.sum_value"], *(event("x", value=value) for value in values))

    assert counter.sums == {"value": total}
