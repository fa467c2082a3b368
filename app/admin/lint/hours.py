"""The hours of the week in which a schedule lets a rule be in force."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.admin.lint.terms import InWindow

_DAY_MINUTES = 24 * 60
_HOUR = timedelta(hours=1)
# In so much time every hour of the week comes, also one that the clocks leave out in the first week.
_LONG = timedelta(days=15)


def is_in(term: InWindow, at: datetime) -> bool:
    """Tell whether the zone's clock stands in one of the spans at an instant."""
    local = at.astimezone(ZoneInfo(term.zone))
    minute = (local.isoweekday() - 1) * _DAY_MINUTES + local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in term.spans)


def comes_between(term: InWindow, start: datetime, end: datetime) -> bool:
    """Tell whether the zone's clock stands in one of the spans at some instant before the end."""
    if end - start >= _LONG:
        return bool(term.spans)
    return any(start <= at < end and is_in(term, at) for at in (start, *_beginnings(term, start)))


def _beginnings(term: InWindow, start: datetime) -> Iterator[datetime]:
    """List the instants of these weeks at which a span begins, or goes on after the clock was put forward."""
    local = start.astimezone(ZoneInfo(term.zone))
    monday = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=local.weekday())
    for week in range(3):
        for minute, _ in term.spans:
            # By the clock on the wall; an hour that is left out there comes to be the one after it.
            begins = (monday + timedelta(weeks=week, minutes=minute)).astimezone(UTC)
            yield from (begins, begins + _HOUR)
