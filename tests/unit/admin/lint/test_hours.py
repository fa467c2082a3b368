"""Whether the hours of a week come within a time."""

from datetime import datetime, timedelta

import pytest

from app.admin.lint.hours import comes_between, is_in
from app.admin.lint.terms import InWindow
from tests.builders import instant

HOUR, DAY = 60, 24 * 60
MONDAYS = InWindow("UTC", ((9 * HOUR, 17 * HOUR),))
SUNDAY_NIGHT = InWindow("Europe/London", ((6 * DAY + HOUR, 6 * DAY + 2 * HOUR),))


@pytest.mark.parametrize(
    ("window", "start", "end", "comes"),
    [
        (MONDAYS, "2026-03-10T00:00:00Z", "2026-03-16T09:00:00Z", False),
        (MONDAYS, "2026-03-10T00:00:00Z", "2026-03-16T09:00:01Z", True),
        (MONDAYS, "2026-03-09T16:59:00Z", "2026-03-10T00:00:00Z", True),
        (MONDAYS, "2026-03-09T17:00:00Z", "2026-03-10T00:00:00Z", False),
        (MONDAYS, "2026-03-10T00:00:00Z", "2026-03-18T00:00:00Z", True),
        (InWindow("UTC", ()), "2026-03-10T00:00:00Z", "2027-03-18T00:00:00Z", False),
        (InWindow("Asia/Tokyo", MONDAYS.spans), "2026-03-15T00:00:00Z", "2026-03-16T01:00:00Z", True),
        # From one to two o'clock of the 29th there is no hour in London.
        (SUNDAY_NIGHT, "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z", False),
        (SUNDAY_NIGHT, "2026-03-28T00:00:00Z", "2026-04-05T00:00:00Z", False),
        (SUNDAY_NIGHT, "2026-03-28T00:00:00Z", "2026-04-05T00:30:00Z", True),
    ],
)
def test_a_window_comes_or_does_not(window: InWindow, start: str, end: str, *, comes: bool) -> None:
    assert comes_between(window, instant(start), instant(end)) is comes


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Asia/Kathmandu"])
def test_no_minute_refutes_it(zone: str) -> None:
    window = InWindow(zone, ((5 * DAY + 23 * HOUR, 6 * DAY + 3 * HOUR),))
    for hours in range(0, 60, 7):
        start: datetime = instant("2026-03-27T10:00:00Z") + timedelta(hours=hours)
        end = start + timedelta(hours=9)
        minutes = (start + timedelta(minutes=minute) for minute in range(9 * HOUR))
        assert comes_between(window, start, end) is any(is_in(window, at) for at in minutes)
