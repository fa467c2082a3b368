"""What a request says of itself, as conditions ask for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

# Where the edge puts the time zone that `timezone` names, once it has found it.
ZONE = "zone"

CLOCK = frozenset({"context.hour", "context.weekday"})
"""The attributes that `with_clock` works out."""


def with_clock(given: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Add `hour` and ISO `weekday` (1 is Monday) on the visitor's own clock, else in the site's zone."""
    own = given.get(ZONE)
    local = now.astimezone(own if isinstance(own, ZoneInfo) else zone)
    return {**given, "hour": local.hour, "weekday": local.isoweekday()}
