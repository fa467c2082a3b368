"""What is told of a profile, and what can be said to change one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from app.admin.body import Body
from app.admin.strict_json import Location
from app.decision.amend import TRAITS_BYTES as ALL_TRAITS_BYTES

TRAITS_BYTES = 16 * 1024
TRAITS_LIMIT = 100
NAME_LIMIT = 128


class TraitsPatch(Body):
    """A JSON merge patch of traits (RFC 7396)."""

    traits: Annotated[
        dict[str, Any],
        Field(
            json_schema_extra={
                "maxProperties": TRAITS_LIMIT,
                "propertyNames": {"minLength": 1, "maxLength": NAME_LIMIT},
            },
            description=f"At most {TRAITS_LIMIT} names of 1 to {NAME_LIMIT} characters and {TRAITS_BYTES:,} "
            f"bytes of JSON, and {ALL_TRAITS_BYTES:,} of all traits together; a null takes a trait away.",
            examples=[{"plan": {"tier": "gold"}, "newsletter": None}],
        ),
    ]

    @classmethod
    def wrong_in(cls, given: object) -> Iterator[tuple[Location, str]]:
        """Find what is too large or has no name."""
        traits = given.get("traits") if isinstance(given, dict) else None
        if not isinstance(traits, dict):
            return
        if len(traits) > TRAITS_LIMIT:
            yield ("traits",), f"must not have more than {TRAITS_LIMIT} names"
        if len(msgspec.json.encode(traits)) > TRAITS_BYTES:
            yield ("traits",), f"must not be more than {TRAITS_BYTES:,} bytes of JSON"
        for name in traits:
            if not 1 <= len(name) <= NAME_LIMIT:
                yield ("traits", name), f"a name has 1 to {NAME_LIMIT} characters"


class EventsCounted(BaseModel):
    """What is kept of the events of one name: as much as conditions have asked for."""

    count: int
    first_at: datetime | None
    last_at: datetime | None
    sums: dict[str, float] = Field(description="By property.")
    latest: dict[str, Any] = Field(description="The latest value, by property.")
    count_since: dict[str, int] = Field(description="How many since the latest event of another name.")


class StageHeld(BaseModel):
    """The stage of one journey."""

    stage: str
    since: datetime


class StageMove(BaseModel):
    """A change of stage; `because` names the condition, as `decision.when`."""

    journey: str
    came_from: str | None
    stage: str
    at: datetime
    because: str


class ArmHeld(BaseModel):
    """The first arm in an experiment."""

    arm: str
    phase: int
    at: datetime


class ConsentHeld(BaseModel):
    """What was said last of a purpose."""

    granted: bool
    at: datetime


class Profile(BaseModel):
    """All that is remembered of a visitor, as of the latest record; time alone ends no stage here."""

    visitor: str
    owner: str | None = Field(description="The user's profile that took this one over.")
    first_seen: datetime | None
    last_event_at: datetime | None
    traits: dict[str, Any]
    events: dict[str, EventsCounted] = Field(description="By event name.")
    stages: dict[str, StageHeld] = Field(description="By journey.")
    moves: list[StageMove] = Field(description="The newest changes of stage, oldest first.")
    arms: dict[str, ArmHeld] = Field(description="By experiment.")
    caps: dict[str, list[datetime]] = Field(description="When each capped rule was delivered.")
    consent: dict[str, ConsentHeld] = Field(description="By purpose.")
