"""Instants in admin bodies."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

_WITH_ZONE = Annotated[datetime, msgspec.Meta(tz=True)]


def _instant(value: object) -> datetime:
    try:
        return msgspec.convert(value, _WITH_ZONE)
    except msgspec.ValidationError as error:
        raise PydanticCustomError(
            "instant", "must be an instant with a time zone, like 2026-11-21T09:00:00Z"
        ) from error


Instant = Annotated[datetime, BeforeValidator(_instant)]

# One that every calendar and the database can hold, whatever its time zone.
At = Annotated[Instant, Field(ge=datetime(1971, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
