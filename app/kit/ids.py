"""Ids that sort by time."""

from datetime import datetime

import uuid_utils

from app.kit.clock import ms_of


def new_id() -> str:
    """Make an id of now (UUIDv7)."""
    return str(uuid_utils.uuid7())


def id_at(instant: datetime) -> str:
    """Make an id that sorts at an instant (UUIDv7); instants before 1970 sort as 1970."""
    return str(uuid_utils.uuid7(nanoseconds=max(0, ms_of(instant)) * 1_000_000))
