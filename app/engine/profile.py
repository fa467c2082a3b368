"""What is remembered of a visitor: the state that records are folded into and conditions ask about."""

from typing import Any

import msgspec


class Counter(msgspec.Struct, array_like=True, omit_defaults=True):
    """What is kept of one event name; instants are milliseconds since 1970 UTC.

    `recent` holds the newest instants inside the longest window asked for, ascending and at most 1,000;
    `hours` counts what was pushed out of it, by hour since 1970.
    """

    count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    recent: list[int] = []
    hours: dict[int, int] = {}
    sums: dict[str, float] = {}
    latest: dict[str, Any] = {}
    since: dict[str, int] = {}


class StageHeld(msgspec.Struct, array_like=True, frozen=True):
    """The stage of one journey that a visitor stands in, and since when."""

    stage: str
    since_ms: int


class ArmHeld(msgspec.Struct, array_like=True, frozen=True):
    """The arm a visitor was first given in one experiment."""

    arm: str
    phase: int
    at_ms: int


class Profile(msgspec.Struct, array_like=True):
    """A visitor's state. A stranger's is empty: `first_ms` 0 says that nothing was ever folded in."""

    first_ms: int = 0
    last_event_ms: int = 0
    traits: dict[str, Any] = {}
    counters: dict[str, Counter] = {}
    stages: dict[str, StageHeld] = {}
    arms: dict[str, ArmHeld] = {}
