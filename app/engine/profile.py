"""What is remembered of a visitor: the state that records are folded into and conditions ask about."""

from typing import Any

import msgspec


class Counter(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """What is kept of one event name; instants are milliseconds since 1970 UTC.

    `recent` holds the newest instants inside the longest window asked for, ascending and at most 1,000;
    `hours` counts what was pushed out of it, by hour since 1970. `asked` is the signature of the needs that
    all of this was kept for, from the first event on; empty where some of it began later.
    """

    count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    recent: list[int] = []
    hours: dict[int, int] = {}
    sums: dict[str, float] = {}
    latest: dict[str, Any] = {}
    since: dict[str, int] = {}
    asked: str = ""


class StageHeld(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The stage of one journey that a visitor stands in, and since when."""

    stage: str
    since_ms: int


class ArmHeld(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The arm a visitor was first given in one experiment."""

    arm: str
    phase: int
    at_ms: int


class StageMove(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A change of stage. `because` names the condition, as `decision.when` or `decision.stay`."""

    journey: str
    came_from: str | None
    stage: str
    at_ms: int
    because: str


class ConsentHeld(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a visitor said last of one purpose, and when."""

    granted: bool
    at_ms: int


class Profile(msgspec.Struct, array_like=True, gc=False):
    """A visitor's state. A stranger's is empty: `first_ms` 0 says that nothing was ever folded in.

    `caps` holds the newest deliveries of each capped rule, `moves` the newest changes of stage; `owner` is
    the profile that took this one over. `events` counts all events ever folded in, and `asked` is the
    signature of the ruleset whose counters are complete here; `traits_ms` is when traits were
    set last, or taken over.
    """

    first_ms: int = 0
    last_event_ms: int = 0
    traits: dict[str, Any] = {}
    counters: dict[str, Counter] = {}
    stages: dict[str, StageHeld] = {}
    arms: dict[str, ArmHeld] = {}
    caps: dict[str, list[int]] = {}
    consent: dict[str, ConsentHeld] = {}
    moves: list[StageMove] = []
    owner: str | None = None
    events: int = 0
    asked: str = ""
    traits_ms: int = 0

    @property
    def settled_ms(self) -> int:
        """As of when the stages hold: whatever ends by time alone has had its effect up to then."""
        return max(self.last_event_ms, self.traits_ms)
