"""How long an experiment has run, and how fast units come in."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec

# So many whole days tell how many units come in each day: a week has all its days in it.
SEEN_DAYS = 7
_DAY = timedelta(days=1)


class Pace(msgspec.Struct, frozen=True):
    """For at least so many `days` units have come in, and lately so many each day."""

    days: float
    units_per_day: float


def pace_of(by_day: Mapping[date, int], now: datetime, *, ended: bool) -> Pace:
    """Tell the pace from the units of each day (UTC), which do not say when on the first day they came in.

    Where no unit comes in any more (`ended`), the days are those up to the last one that brought any.
    """
    days = [day for day, units in by_day.items() if units]
    if not days:
        return Pace(0, 0)
    first, last_is_over = min(days), datetime.combine(max(days) + _DAY, time(), UTC)
    today = now.astimezone(UTC).date()
    since = max(first, today - SEEN_DAYS * _DAY)
    whole_days = (today - since).days
    # On its first day all that is known is that so many came.
    lately = sum(units for day, units in by_day.items() if since <= day and (day < today or not whole_days))
    first_is_over = datetime.combine(first + _DAY, time(), UTC)
    until = min(now, last_is_over) if ended else now
    return Pace(max(0.0, (until - first_is_over) / _DAY), lately / max(1, whole_days))
