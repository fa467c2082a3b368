"""A profile seen in a request at one instant: everything that conditions can ask."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from app.engine.counters import DAY_MS
from app.engine.event_lookup import EventLookup
from app.engine.profile import Profile


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Who asks, and what may be done with the answer.

    `may_log`: an assignment may be written. `may_enter`: a new experiment may take the visitor in.
    `consent`: the purposes granted.
    """

    visitor: str
    user: str | None = None
    may_log: bool = True
    may_enter: bool = True
    consent: frozenset[str] = frozenset({"personalization", "analytics"})


class Visitor(dict[str, object]):
    """What conditions see: a dict of the root attributes, since what they ask they ask by the thousand.

    `segments` and `stages` fill up in the order that the ruleset resolves them.
    """

    __slots__ = ("context", "now", "now_ms", "primary_journey", "profile", "segments", "stages", "standing")

    def __init__(
        self,
        profile: Profile,
        context: Mapping[str, Any],
        standing: Standing,
        now: datetime,
        now_ms: int,
        primary_journey: str | None = None,
    ) -> None:
        self.profile = profile
        self.context = context
        self.standing = standing
        self.now = now
        self.now_ms = now_ms
        self.primary_journey = primary_journey
        self.segments: list[str] = []
        self.stages: dict[str, str] = {}
        # One by one: as arguments to dict they take twice as long, and every decision sees a visitor.
        self["traits"] = profile.traits
        self["context"] = context
        self["events"] = EventLookup(profile.counters, now_ms)
        self["segments"] = self.segments
        self["stages"] = self.stages
        # What this very request brought does not make its visitor an old acquaintance.
        is_new = not profile.first_ms or profile.first_ms >= now_ms
        age_days = 0 if is_new else (now_ms - profile.first_ms) // DAY_MS
        self["profile"] = {"is_new": is_new, "age_days": age_days}

    @property
    def stage(self) -> str | None:
        """The stage of the primary journey, None where the site has no journey."""
        return self.stages.get(self.primary_journey) if self.primary_journey is not None else None

    def enter(self, journey: str, stage: str) -> None:
        """Stand in a stage of a journey."""
        self.stages[journey] = stage
        if journey == self.primary_journey:
            self["stage"] = stage
