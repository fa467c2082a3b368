"""Instants in admin bodies."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

_WITH_ZONE = Annotated[datetime, msgspec.Meta(tz=True)]


def _instant(value: object) -> datetime:
    try:
        return msgspec.convert(value, _WITH_ZONE).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise PydanticCustomError(
            "instant", "must be an instant with a time zone, like 2026-11-21T09:00:00Z"
        ) from error


Instant = Annotated[datetime, BeforeValidator(_instant)]

_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _near(instant: datetime) -> datetime:
    if _EARLIEST <= instant < _LATEST:
        return instant
    raise PydanticCustomError("instant", "must lie in the years from 1971 to 2199")


# One that every calendar and the database can hold, whatever its time zone.
At = Annotated[Instant, AfterValidator(_near)]
