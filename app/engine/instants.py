"""Instants as whole microseconds since 1970, from whatever form an attribute has them in."""

import re
from datetime import UTC, datetime, timedelta

from app.kit.clock import EPOCH

_MICROSECOND = timedelta(microseconds=1)
_LONGEST = 40
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)
_DURATION = re.compile(r"([+-])(\d{1,10})([smhdw])", re.ASCII)
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LONGEST_S = 100 * 365 * 86_400


def microseconds_of(instant: datetime) -> int:
    """Count the microseconds since 1970; an instant without an offset is taken as UTC."""
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return (aware - EPOCH) // _MICROSECOND


def instant_of(value: object) -> float | None:
    """Read an attribute as an instant, in microseconds; None for what is none.

    A string is read as ISO 8601 (a date alone is its midnight), a number as milliseconds since 1970.
    """
    if type(value) is str:
        return _instant_in(value)
    if type(value) is datetime:
        return microseconds_of(value)
    if type(value) is int or type(value) is float:
        return value * 1_000
    return None


def _instant_in(text: str) -> int | None:
    if len(text) > _LONGEST:
        return None
    try:
        # RFC 3339 allows a small t and z, which Python does not read.
        return microseconds_of(datetime.fromisoformat(text.upper()))
    except ValueError:
        return None


def fixed_instant(text: str) -> int | None:
    """Read an operand that names an instant as RFC 3339 demands, offset included; None for anything else."""
    return _instant_in(text) if _RFC_3339.fullmatch(text) else None


def duration_from_now(text: str) -> int | None:
    """Read an operand such as `-7d` as microseconds from now; None for anything else, or beyond 100 years."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    sign, count, unit = found.groups()
    seconds = int(count) * _UNITS_S[unit]
    if seconds > _LONGEST_S:
        return None
    return (-seconds if sign == "-" else seconds) * 1_000_000
