"""What happened, one immutable value each: these are journalled, stored and folded into profiles."""

from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, tag="event", tag_field="kind"):
    """Something the visitor did. `name` is snake_case; instants are milliseconds since 1970 UTC.

    Consent decides what it may serve: `profile_only` keeps it out of results, `results_only` out of profiles.
    """

    site: int
    visitor: str
    id: str
    name: str
    properties: dict[str, Any]
    at_ms: int
    received_ms: int
    trusted: bool = False
    profile_only: bool = False
    results_only: bool = False


class Assignment(msgspec.Struct, frozen=True, tag="assignment", tag_field="kind"):
    """A unit has been given an arm, with what was known of the visitor at that instant.

    `results_only` keeps it out of profiles, as for events.
    """

    site: int
    visitor: str
    decision_id: str
    experiment: str
    unit: str
    arm: str
    phase: int
    revision: int
    first: bool
    stage: str | None
    stages: dict[str, str]
    segments: tuple[str, ...]
    device: str | None
    country: str | None
    at_ms: int
    results_only: bool = False


Record = Event | Assignment
