"""Time zones by name."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=1_024)
def zone_of(name: str) -> ZoneInfo | None:
    """Find a time zone such as `Europe/London`; None where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
