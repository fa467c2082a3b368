"""When a rule is in force: between two instants, and in weekly windows of a time zone's own clock."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from app.engine.model import Schedule, WeeklyWindow

InForce = Callable[[datetime], bool]

_DAY_MINUTES = 24 * 60


def compile_schedule(schedule: Schedule, default_zone: ZoneInfo) -> InForce:
    """Turn a schedule into a test of an instant.

    Windows follow the local wall clock, so that nine o'clock stays nine o'clock when summer time begins;
    an hour that a clock change repeats counts both times.
    """
    zone = default_zone if schedule.timezone is None else ZoneInfo(schedule.timezone)
    starts_at, ends_at = schedule.starts_at, schedule.ends_at
    windows = [_minutes_of(window) for window in schedule.windows]

    def in_force(now: datetime) -> bool:
        if starts_at is not None and now < starts_at:
            return False
        if ends_at is not None and now >= ends_at:
            return False
        return not windows or _in_a_window(windows, now, zone)

    return in_force


def minutes_of(clock: str) -> int:
    """Turn `HH:MM` into minutes since midnight; `24:00` is the end of the day. Raises ValueError."""
    hours, _, minutes = clock.partition(":")
    if len(hours) != 2 or len(minutes) != 2 or not (hours + minutes).isdecimal():  # noqa: PLR2004 - HH and MM have two digits
        raise ValueError(f"{clock!r} is not a time of day like 09:30")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) >= 60 or total > _DAY_MINUTES:  # noqa: PLR2004 - an hour has sixty minutes
        raise ValueError(f"{clock!r} is not a time of day between 00:00 and 24:00")
    return total


def _minutes_of(window: WeeklyWindow) -> tuple[frozenset[int], int, int]:
    return frozenset(window.days), minutes_of(window.start), minutes_of(window.end)


def _in_a_window(windows: Sequence[tuple[frozenset[int], int, int]], now: datetime, zone: tzinfo) -> bool:
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    today = local.isoweekday()
    yesterday = 7 if today == 1 else today - 1
    for days, start, end in windows:
        if start < end:
            if today in days and start <= minute < end:
                return True
        elif (today in days and minute >= start) or (yesterday in days and minute < end):
            return True
    return False
