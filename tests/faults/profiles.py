"""Cached profiles and durable copies, each against a fold of all that PostgreSQL holds of the visitor."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import asyncpg
import msgspec
from redis.asyncio import Redis

from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.profiles.codec import readable_profile
from app.profiles.redis import tag_of
from app.profiles.refold import refold

_DURABLE = "SELECT body FROM profiles WHERE site_id = $1 AND visitor = $2"


class Compared(msgspec.Struct):
    """How many copies there are, and how each that differs does."""

    cached: int = 0
    durable: int = 0
    cached_differ: list[str] = []
    durable_differ: list[str] = []

    @property
    def equal(self) -> bool:
        """Whether every copy is the fold of what is stored."""
        return not (self.cached_differ or self.durable_differ)


class Copies:
    """The profiles of one site, wherever a copy of them is."""

    def __init__(
        self, connection: asyncpg.Connection, redis: Redis, site: int, ruleset: Ruleset | None
    ) -> None:
        self._connection = connection
        self._redis = redis
        self._site = site
        self._ruleset = ruleset

    async def compare(self, visitors: Iterable[str]) -> Compared:
        """Compare all copies of these visitors' profiles with the fold."""
        compared = Compared()
        for visitor in sorted(visitors):
            async with self._connection.transaction(isolation="repeatable_read"):
                folded, _ = await refold(self._connection, self._site, visitor, self._ruleset)
                body = await self._connection.fetchval(_DURABLE, self._site, visitor)
            durable = readable_profile(body)
            cached = readable_profile(await self._cached(visitor))
            compared.cached += cached is not None
            compared.durable += durable is not None
            if cached is not None:
                compared.cached_differ += differences(visitor, cached, folded)
            if durable is not None or folded != Profile():
                compared.durable_differ += differences(visitor, durable or Profile(), folded)
        return compared

    async def _cached(self, visitor: str) -> bytes | None:
        body = await self._redis.get(f"profile:{tag_of(self._site, visitor)}")
        return body if isinstance(body, bytes) else None


def differences(visitor: str, copy: Profile, folded: Profile) -> list[str]:
    """Say in one line where a copy is not the fold; nothing where it is."""
    ours, theirs = dict(_parts(copy)), dict(_parts(folded))
    found = [
        f"{name} {_difference(ours.get(name), theirs.get(name))}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
    return [f"{visitor}: {'; '.join(found)}"] if found else []


def _difference(ours: Any, theirs: Any) -> str:
    if isinstance(ours, list) and isinstance(theirs, list):
        # Instants, of which there may be a thousand.
        lacking, surplus = Counter(theirs) - Counter(ours), Counter(ours) - Counter(theirs)
        return f"lacks {sorted(lacking.elements())} and has {sorted(surplus.elements())} for it"
    return f"{ours} instead of {theirs}"


def _parts(profile: Profile) -> Iterator[tuple[str, Any]]:
    """Take a profile apart into what must be the same in whatever order its records came in."""
    yield "events", profile.events
    yield "first_ms", profile.first_ms
    yield "last_event_ms", profile.last_event_ms
    for name, counter in profile.counters.items():
        yield f"{name}.count", counter.count
        yield f"{name}.sums", counter.sums
        yield f"{name}.recent", counter.recent
        yield f"{name}.first_ms", counter.first_ms
        yield f"{name}.last_ms", counter.last_ms
    for experiment, held in profile.arms.items():
        yield f"arm of {experiment}", (held.arm, held.phase, held.at_ms)
    for rule, delivered in profile.caps.items():
        yield f"deliveries of {rule}", delivered
    for journey, standing in profile.stages.items():
        yield f"stage in {journey}", standing.stage
