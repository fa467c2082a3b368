"""Ids that sort by time."""

from datetime import datetime
from uuid import UUID

import uuid_utils

from app.kit.clock import instant_of, ms_of

# 48 bits of milliseconds stand before these.
_BITS_AFTER = 80


def new_id() -> str:
    """Make an id of now (UUIDv7)."""
    return str(uuid_utils.uuid7())


def id_at(instant: datetime) -> str:
    """Make an id that sorts at an instant (UUIDv7); instants before 1970 sort as 1970."""
    return str(uuid_utils.uuid7(nanoseconds=max(0, ms_of(instant)) * 1_000_000))


def instant_in(text: str) -> datetime | None:
    """Read the instant out of an id, to the millisecond; None where the text is no UUIDv7 of any year."""
    try:
        found = UUID(text)
        return instant_of(found.int >> _BITS_AFTER) if found.version == 7 else None  # noqa: PLR2004 - UUIDv7
    except (ValueError, OverflowError):
        return None
