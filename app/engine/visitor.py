"""A profile seen in a request at one instant: everything that conditions can ask."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from app.engine.context import Context
from app.engine.counters import DAY_MS, reader_of
from app.engine.paths import Lookup
from app.engine.profile import Counter, Profile
from app.kit.clock import ms_of

_NEVER = Counter()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what may be done with the answer.

    `may_log`: an assignment may be written. `may_enter`: a new experiment may take the visitor in.
    `consent`: the purposes granted.
    """

    visitor: str
    user: str | None = None
    may_log: bool = True
    may_enter: bool = True
    consent: frozenset[str] = frozenset({"personalization", "analytics"})


class _CounterLookup(Lookup):
    """The attributes of one event name."""

    __slots__ = ("_counter", "_now_ms")

    def __init__(self, counter: Counter, now_ms: int) -> None:
        self._counter = counter
        self._now_ms = now_ms

    def get(self, key: str, /) -> object:
        return reader_of(key)(self._counter, self._now_ms)


class _EventLookup(Lookup):
    """The counters of a profile, by event name."""

    __slots__ = ("_counters", "_now_ms")

    def __init__(self, counters: Mapping[str, Counter], now_ms: int) -> None:
        self._counters = counters
        self._now_ms = now_ms

    def get(self, key: str, /) -> object:
        return _CounterLookup(self._counters.get(key, _NEVER), self._now_ms)


class Visitor(Lookup):
    """What conditions see. `segments` and `stages` fill up in the order that the ruleset resolves them."""

    __slots__ = (
        "_roots",
        "context",
        "now",
        "now_ms",
        "primary_journey",
        "profile",
        "segments",
        "stages",
        "standing",
    )

    def __init__(self, profile: Profile, context: Context, standing: Standing, now: datetime) -> None:
        self.profile = profile
        self.context = context
        self.standing = standing
        self.now = now
        self.now_ms = ms_of(now)
        self.primary_journey: str | None = None
        self.segments: list[str] = []
        self.stages: dict[str, str] = {}
        self._roots: dict[str, object] = {
            "traits": profile.traits,
            "context": context,
            "events": _EventLookup(profile.counters, self.now_ms),
            "segments": self.segments,
            "stages": self.stages,
        }

    @property
    def stage(self) -> str | None:
        """The stage of the primary journey, None where the site has no journey."""
        return self.stages.get(self.primary_journey) if self.primary_journey is not None else None

    def get(self, key: str, /) -> object:
        """Answer one root attribute; None for a name that is none."""
        if key == "stage":
            return self.stage
        return self._about_profile() if key == "profile" else self._roots.get(key)

    def _about_profile(self) -> dict[str, Any]:
        first_ms = self.profile.first_ms
        # What this very request brought does not make its visitor an old acquaintance.
        is_new = not first_ms or first_ms >= self.now_ms
        return {"is_new": is_new, "age_days": 0 if is_new else (self.now_ms - first_ms) // DAY_MS}
