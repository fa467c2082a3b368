"""When a rule is in force."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from app.engine.model import Schedule
from app.engine.schedule import compile_schedule, minutes_of
from tests.builders import HOUR, MINUTE, instant

LONDON, SYDNEY = "Europe/London", "Australia/Sydney"


def in_force(at: str, zone: str = "UTC", **schedule: Any) -> bool:
    compiled = compile_schedule(msgspec.convert(schedule, Schedule), ZoneInfo(zone))
    return compiled(instant(at))


def window(start: str, end: str, *days: int) -> dict[str, Any]:
    return {"from": start, "to": end, **({"days": days} if days else {})}


def test_an_empty_schedule_is_always_in_force() -> None:
    assert in_force("2026-03-10T12:00:00Z")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-01T00:00:00+01:00", False),
        ("2026-02-28T23:59:59.999999Z", False),
        ("2026-03-01T00:00:00Z", True),
        ("2026-03-31T23:59:59.999999Z", True),
        ("2026-04-01T00:00:00Z", False),
        ("2026-04-01T00:30:00+01:00", True),
    ],
)
def test_a_period_is_half_open(at: str, expected: object) -> None:
    period = {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"}

    assert in_force(at, **period) is expected


def test_a_period_may_be_open_at_either_end() -> None:
    assert in_force("1999-01-01T00:00:00Z", ends_at="2026-01-01T00:00:00Z")
    assert in_force("2099-01-01T00:00:00Z", starts_at="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-10T08:59:59Z", False),
        ("2026-03-10T09:00:00Z", True),
        ("2026-03-10T16:59:59.999Z", True),
        ("2026-03-10T17:00:00Z", False),
    ],
)
def test_a_window_is_half_open(at: str, expected: object) -> None:
    assert in_force(at, windows=[window("09:00", "17:00")]) is expected


@pytest.mark.parametrize(("day", "expected"), [(9, True), (10, False), (11, True), (14, False), (15, False)])
def test_a_window_is_in_force_on_its_days(day: int, expected: object) -> None:
    # The 9th of March 2026 is a Monday.
    assert in_force(f"2026-03-{day:02}T12:00:00Z", windows=[window("00:00", "24:00", 1, 3)]) is expected


def test_any_of_several_windows_is_enough() -> None:
    windows = [window("08:00", "09:00"), window("18:00", "19:00")]

    assert in_force("2026-03-10T08:30:00Z", windows=windows)
    assert in_force("2026-03-10T18:30:00Z", windows=windows)
    assert not in_force("2026-03-10T12:00:00Z", windows=windows)


def test_a_window_counts_within_the_period_alone() -> None:
    schedule: dict[str, Any] = {"starts_at": "2026-03-10T10:00:00Z", "windows": [window("09:00", "17:00")]}

    assert not in_force("2026-03-10T09:30:00Z", **schedule)
    assert in_force("2026-03-10T10:00:00Z", **schedule)
    assert not in_force("2026-03-10T17:00:00Z", **schedule)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-13T21:59:59Z", False),  # Friday
        ("2026-03-13T22:00:00Z", True),
        ("2026-03-13T23:59:59Z", True),
        ("2026-03-14T00:00:00Z", True),  # Saturday, still Friday's night
        ("2026-03-14T01:59:59Z", True),
        ("2026-03-14T02:00:00Z", False),
        ("2026-03-14T22:30:00Z", False),
        ("2026-03-13T01:00:00Z", False),  # Thursday's night is not Friday's
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_starts_on(at: str, expected: object) -> None:
    assert in_force(at, windows=[window("22:00", "02:00", 5)]) is expected


def test_sundays_night_runs_into_monday() -> None:
    assert in_force("2026-03-16T00:30:00Z", windows=[window("23:00", "01:00", 7)])
    assert not in_force("2026-03-15T00:30:00Z", windows=[window("23:00", "01:00", 7)])


def test_a_window_that_ends_where_it_starts_lasts_a_day() -> None:
    windows = [window("06:00", "06:00", 1)]

    assert not in_force("2026-03-09T05:59:59Z", windows=windows)
    assert in_force("2026-03-09T06:00:00Z", windows=windows)
    assert in_force("2026-03-10T05:59:59Z", windows=windows)
    assert not in_force("2026-03-10T06:00:00Z", windows=windows)


def test_without_days_a_window_is_never_in_force() -> None:
    assert not in_force("2026-03-10T12:00:00Z", windows=[{"days": []}])


def test_the_schedules_own_time_zone_comes_first() -> None:
    nine_to_ten = [window("09:00", "10:00")]

    assert in_force("2026-01-15T09:30:00Z", LONDON, windows=nine_to_ten)
    assert not in_force("2026-01-15T09:30:00Z", LONDON, timezone=SYDNEY, windows=nine_to_ten)
    assert in_force("2026-01-14T22:30:00Z", LONDON, timezone=SYDNEY, windows=nine_to_ten)


def test_the_weekday_is_that_of_the_time_zone() -> None:
    # Sunday evening in London is Monday morning in Sydney.
    assert in_force("2026-01-18T22:30:00Z", timezone=SYDNEY, windows=[window("00:00", "24:00", 1)])
    assert not in_force("2026-01-18T22:30:00Z", windows=[window("00:00", "24:00", 1)])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-28T09:00:00Z", True),
        ("2026-03-28T08:00:00Z", False),
        ("2026-03-29T08:00:00Z", True),
        ("2026-03-29T07:59:59Z", False),
        ("2026-10-24T08:00:00Z", True),
        ("2026-10-25T08:00:00Z", False),
        ("2026-10-25T09:00:00Z", True),
    ],
)
def test_nine_oclock_stays_nine_oclock_when_the_clocks_change(at: str, expected: object) -> None:
    assert in_force(at, LONDON, windows=[window("09:00", "10:00")]) is expected


def test_an_hour_that_the_clocks_skip_never_comes() -> None:
    start = instant("2026-03-28T23:00:00Z")
    compiled = compile_schedule(
        msgspec.convert({"windows": [window("01:00", "02:00", 7)]}, Schedule), ZoneInfo(LONDON)
    )

    assert not any(compiled(start + n * MINUTE) for n in range(6 * 60))


def test_an_hour_that_the_clocks_repeat_comes_twice() -> None:
    start = instant("2026-10-24T22:00:00Z")
    compiled = compile_schedule(
        msgspec.convert({"windows": [window("01:00", "02:00", 7)]}, Schedule), ZoneInfo(LONDON)
    )

    minutes = [start + n * MINUTE for n in range(6 * 60) if compiled(start + n * MINUTE)]

    assert len(minutes) == 120
    assert minutes[-1] - minutes[0] == 2 * HOUR - MINUTE


def test_a_day_on_which_the_clocks_change_is_covered_whole() -> None:
    compiled = compile_schedule(
        msgspec.convert({"windows": [window("00:00", "24:00", 7)]}, Schedule), ZoneInfo(LONDON)
    )
    hours = [instant("2026-03-28T22:00:00Z") + timedelta(hours=n) for n in range(28)]

    # Sunday the 29th has 23 hours.
    assert sum(map(compiled, hours)) == 23


@pytest.mark.parametrize(
    ("clock", "minutes"), [("00:00", 0), ("00:01", 1), ("09:30", 570), ("23:59", 1_439), ("24:00", 1_440)]
)
def test_a_time_of_day_is_read(clock: str, minutes: int) -> None:
    assert minutes_of(clock) == minutes


@pytest.mark.parametrize(
    "clock",
    [
        "",
        "9:00",
        "09:0",
        "0900",
        "09:00:00",
        "aa:bb",
        "24:01",
        "25:00",
        "12:60",
        "-1:00",
        "+1:00",
        "09.00",
        "²1:00",
    ],
)
def test_what_is_no_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(ValueError, match="is not a time of day"):
        minutes_of(clock)
