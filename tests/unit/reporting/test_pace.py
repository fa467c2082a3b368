from datetime import UTC, date, datetime, timedelta

from app.reporting.pace import Pace, pace_of

FIRST = date(2026, 3, 1)
DAY = timedelta(days=1)


def noon(days: int) -> datetime:
    """Noon, so many days after the first one."""
    return datetime(2026, 3, 1, 12, tzinfo=UTC) + days * DAY


def by_day(*units: int) -> dict[date, int]:
    return {FIRST + i * DAY: number for i, number in enumerate(units)}


def test_nobody_comes_at_no_pace() -> None:
    assert pace_of({}, noon(0), ended=False) == pace_of({FIRST: 0}, noon(9), ended=False) == Pace(0, 0)


def test_on_the_first_day_all_that_is_known_is_that_so_many_came() -> None:
    assert pace_of(by_day(30), noon(0), ended=False) == Pace(0, 30)


def test_whole_days_tell_the_pace() -> None:
    assert pace_of(by_day(10, 20, 5), noon(2), ended=False) == Pace(1.5, 15)


def test_only_the_last_week_tells_the_pace() -> None:
    units = by_day(*[700] * 5, *[70] * 7, 3)
    assert pace_of(units, noon(12), ended=False) == Pace(11.5, 70)


def test_a_day_without_anybody_is_a_day_all_the_same() -> None:
    assert pace_of({FIRST: 10, FIRST + 2 * DAY: 20}, noon(3), ended=False).units_per_day == 10
    assert pace_of({FIRST: 10}, noon(30), ended=False).units_per_day == 0


def test_a_week_is_never_told_before_it_has_passed_for_whoever_came_last_on_the_first_day() -> None:
    midnight = datetime(2026, 3, 9, tzinfo=UTC)
    assert pace_of(by_day(1), midnight - timedelta(seconds=1), ended=False).days < 7
    assert pace_of(by_day(1), midnight, ended=False).days == 7


def test_after_the_end_no_more_days_pass() -> None:
    assert pace_of(by_day(1, 1, 1), noon(40), ended=True).days == 2
    assert pace_of(by_day(1, 1, 1), noon(2), ended=True).days == 1.5
