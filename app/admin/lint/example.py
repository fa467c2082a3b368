"""A visitor who shows what is said of a site: told as a preview takes it, seen as a decision sees it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from app.admin.counters import made_up_counters
from app.engine.counters import DAY_MS
from app.engine.places import Place
from app.engine.profile import ArmHeld, Profile, StageHeld
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing, Visitor
from app.kit.clock import ms_of, rfc3339_of

NAME = "example"
_PURPOSES = ("personalization", "analytics")
_HOST = "site.example"
_ENDING = re.compile(r"[?#\s]")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at an instant. `events` says by event name what conditions find there.

    `idle_ms` is how long ago the latest event was. `arms` are those that the visitor already is in.
    """

    at: datetime
    name: str = NAME
    traits: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}
    events: Mapping[str, Mapping[str, Any]] = {}
    age_days: float | None = None
    stages: Mapping[str, str] = {}
    denied: frozenset[str] = frozenset()
    idle_ms: int = 0
    arms: Mapping[str, str] = {}

    def seen(self, ruleset: Ruleset) -> Visitor | None:
        """See the visitor as a decision by the ruleset does; None where nobody can be like that."""
        profile = self._profile(ruleset)
        if profile is None:
            return None
        consent = frozenset(purpose for purpose in _PURPOSES if purpose not in self.denied)
        standing = Standing(visitor=self.name, consent=consent, may_enter="analytics" in consent)
        # Without consent nothing is remembered of a visitor.
        known = profile if "personalization" in consent else Profile()
        return ruleset.see(known, self.context, standing, self.at)

    def told(self) -> dict[str, Any]:
        """Write it as the body of a preview takes it, but for the placements."""
        profile = {"traits": self.traits, "events": self.events, "age_days": self.age_days, "arms": self.arms}
        told = {
            "visitor": {"id": self.name},
            "at": rfc3339_of(ms_of(self.at)),
            "context": _told_context(self.context),
            "profile": {name: value for name, value in profile.items() if value not in ({}, None)},
            "stages": self.stages,
            "consent": dict.fromkeys(sorted(self.denied), False),
        }
        return {name: value for name, value in told.items() if value != {}}

    def _profile(self, ruleset: Ruleset) -> Profile | None:
        now_ms, place = ms_of(self.at), Place("", [])
        counters = made_up_counters(self.events, now_ms, place)
        if place.problems:
            return None
        happened = [counter for counter in counters.values() if counter.count]
        first_ms = _first_ms(self.age_days, [counter.first_ms for counter in happened], now_ms)
        if first_ms is None:
            return None
        return Profile(
            first_ms=first_ms,
            last_event_ms=now_ms - self.idle_ms,
            traits=dict(self.traits),
            counters=counters,
            stages={journey: StageHeld(stage, now_ms) for journey, stage in self.stages.items()},
            arms={key: ArmHeld(arm, 1, now_ms) for key, arm in self.arms.items()},
            events=sum(counter.count for counter in happened),
            asked=ruleset.asked,
        )


def _first_ms(age_days: float | None, events: list[int], now_ms: int) -> int | None:
    """Tell when the visitor was first seen; None where something happened before."""
    first_ms = min(events, default=0)
    if age_days is None:
        return first_ms
    known_ms = now_ms - round(age_days * DAY_MS)
    if not events or first_ms >= known_ms:
        return known_ms
    is_of_age = age_days and (now_ms - first_ms) // DAY_MS == int(age_days)
    return first_ms if is_of_age else None


def _told_context(context: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in context.items() if name not in {"url", "utm", "referrer"}}
    address, utm = context.get("url", {}), context.get("utm", {})
    if address or utm:
        # A path is read as it stands in the address, up to what ends it there.
        path = _ENDING.sub(lambda found: quote(found[0]), str(address.get("path") or "/"))
        query = {**address.get("query", {}), **{f"utm_{name}": value for name, value in utm.items()}}
        asked = f"?{urlencode(query)}" if query else ""
        host = f"https://{address.get('host') or _HOST}" if path.startswith("/") or "host" in address else ""
        told["url"] = f"{host}{path}{asked}"
    if "referrer" in context:
        told["referrer"] = f"https://{context['referrer'].get('host') or _HOST}/"
    return told
