"""Instants: now, and to and from milliseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def now() -> datetime:
    """Read the wall clock, in UTC."""
    return datetime.now(UTC)


def ms_of(instant: datetime) -> int:
    """Turn an instant with a time zone into whole milliseconds since 1970 UTC, rounded down."""
    return (instant - EPOCH) // _MILLISECOND


def instant_of(ms: int) -> datetime:
    """Turn milliseconds since 1970 UTC into an instant."""
    return EPOCH + timedelta(milliseconds=ms)


def rfc3339_of(ms: int) -> str:
    """Write milliseconds since 1970 UTC as RFC 3339 with milliseconds, in UTC."""
    return instant_of(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
