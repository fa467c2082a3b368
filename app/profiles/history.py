"""What a new revision asks for the first time, filled in behind the pages that ask."""

import asyncio
import logging
from collections.abc import Callable

import asyncpg
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.profiles.cache import Cache
from app.profiles.codec import ABSENT, encode_profile, readable_profile
from app.profiles.recount import completed, lacking, recount
from app.profiles.together import ProfileKey
from app.storage.attempts import Attempts

# Nobody folds into the copy meanwhile, so no event is counted twice and none is missed.
_HOLD = "SELECT body FROM profiles WHERE site_id = $1 AND visitor = $2 FOR UPDATE"
_STORE = "UPDATE profiles SET body = $3, updated_at = now() WHERE site_id = $1 AND visitor = $2"

_FILL_S = 60.0

_log = logging.getLogger(__name__)


class History:
    """Recounts profiles from PostgreSQL in the background: first the durable copy, then the cached one.

    `filled` counts profiles whose cached copy is complete now, `refused` offers beyond `waiting`, and
    `failed` those that went wrong. What was not filled is offered again when the visitor comes back.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        ruleset_of: Callable[[int], Ruleset | None],
        cache: Cache,
        *,
        at_once: int = 4,
        waiting: int = 1_000,
    ) -> None:
        self.filled = self.refused = self.failed = 0
        self._pool = pool
        self._ruleset_of = ruleset_of
        self._cache = cache
        self._at_once = at_once
        self._waiting: asyncio.Queue[ProfileKey] = asyncio.Queue(waiting)
        self._taken: set[ProfileKey] = set()
        self._attempts = Attempts(_log, "filling in what is asked of the past")

    @property
    def idle(self) -> bool:
        """Whether all that was offered is done with."""
        return not self._taken

    def offer(self, site: int, visitor: str) -> None:
        """Have a profile filled in soon, once however often it is offered until then; may refuse."""
        key = (site, visitor)
        if key in self._taken:
            return
        try:
            self._waiting.put_nowait(key)
        except asyncio.QueueFull:
            self.refused += 1
        else:
            self._taken.add(key)

    async def run(self) -> None:
        """Fill in what is offered until cancelled. No failure ends it."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self._waiting.get()
            try:
                # Whatever it is, the next visitor's history is another matter.
                with self._attempts as attempt:
                    async with asyncio.timeout(_FILL_S):
                        self.filled += await self._fill(key)
                self.failed += attempt.failed
            finally:
                self._taken.discard(key)

    async def _fill(self, key: ProfileKey) -> bool:
        ruleset = self._ruleset_of(key[0])
        durable = None if ruleset is None else await self._complete(key, ruleset)
        if ruleset is None or durable is None:
            return False
        loaded = await self._cache.load(*key)
        cached = loaded.profile
        if loaded.version == ABSENT or ruleset.has_counted(cached) or not _has_all(durable, cached):
            return False
        counted = {"counters": durable.counters, "asked": durable.asked, "events": durable.events}
        return await self._cache.save(*key, loaded, replace(cached, **counted))

    async def _complete(self, key: ProfileKey, ruleset: Ruleset) -> Profile | None:
        """Make the durable copy complete; None where there is none yet."""
        async with self._pool.acquire() as connection, connection.transaction():
            profile = readable_profile(await connection.fetchval(_HOLD, *key))
            if profile is None or ruleset.has_counted(profile):
                return profile
            names = lacking(profile, ruleset)
            recounted = await recount(connection, key, names, ruleset.needs)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type
            profile = completed(profile, recounted, ruleset)
            await connection.execute(_STORE, *key, encode_profile(profile))
            return profile


def _has_all(durable: Profile, cached: Profile) -> bool:
    """Whether all has been shipped that the cache knows of: events, and who took them over."""
    return durable.events >= cached.events and durable.owner == cached.owner
