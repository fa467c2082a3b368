"""How cached profiles catch up with the durable ones, where a record got into the journal and no further."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import takewhile
from time import monotonic

import asyncpg
from msgspec.structs import replace

from app.engine.profile import Profile
from app.profiles.cache import Cache
from app.profiles.codec import ABSENT
from app.profiles.count import earlier
from app.profiles.durable import DurableProfiles
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.merge import earliest, latest
from app.profiles.together import ProfileKey

# Longer than a worker may take to write a profile: until then a record is on its way, and not behind.
PATIENCE_S = 2.0
PAUSE_S = 0.25
AT_ONCE = 500
WAITING = 200_000
LATELY_S = 300.0

_AWAY = (ProfilesUnavailable, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_log = logging.getLogger(__name__)


Mark = Callable[[], Callable[[], bool]]
"""Notes how far the journal reaches now, and answers what tells whether all of that is stored."""


def caught_up(cached: Profile, durable: Profile) -> Profile:
    """Answer a cached profile with all that the durable one is ahead of it.

    The cached one may be ahead too, by what has not been shipped yet; that stays. Where somebody has taken it
    over, that may be why it has learnt less than the durable one: what went over does not come back.
    """
    if durable.owner is not None and cached.owner != durable.owner:
        return durable
    may_lack = cached.owner is None
    ahead = durable if may_lack and durable.events > cached.events else cached
    told = durable if may_lack and durable.traits_ms >= cached.traits_ms else cached
    caps = {
        rule: max(cached.caps.get(rule, []), durable.caps.get(rule, []), key=len)
        for rule in {**durable.caps, **cached.caps}
    }
    return replace(
        ahead,
        first_ms=earlier(cached.first_ms, durable.first_ms) if durable.first_ms else cached.first_ms,
        traits=told.traits,
        traits_ms=told.traits_ms,
        arms=earliest(cached.arms, durable.arms),
        caps=caps,
        consent=latest(cached.consent, durable.consent),
    )


class Healer:
    """Compares what was folded durably with the cache, once nothing more of it can be on its way.

    `mark` speaks for the journal of this host. `healed` counts profiles that differed, `dropped` those that
    nobody looked at for want of room.
    """

    def __init__(
        self, durable: DurableProfiles, cache: Cache, mark: Mark, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self.healed = self.dropped = 0
        self._durable = durable
        self._cache = cache
        self._mark = mark
        self._clock = clock
        # In the order in which they are due.
        self._due: dict[ProfileKey, float] = {}
        # Cached versions, to be compared once what the journal held when they were read is stored.
        self._seen: deque[tuple[Callable[[], bool], dict[ProfileKey, bytes]]] = deque()

    @property
    def waiting(self) -> int:
        """How many profiles are still to be looked at."""
        return len(self._due)

    def touched(self, keys: Iterable[ProfileKey]) -> None:
        """Look at some profiles in a while, counted from now on."""
        due_at = self._clock() + PATIENCE_S
        for key in keys:
            self._due.pop(key, None)
            self._due[key] = due_at
        while len(self._due) > WAITING:
            del self._due[next(iter(self._due))]
            self.dropped += 1

    async def run(self) -> None:
        """Look at what is due until cancelled. No failure ends it."""
        # What was folded just before everything died may have reached no cache, and nobody remembers it.
        with suppress(*_AWAY):
            self.touched(await self._durable.folded_lately(LATELY_S))
        while True:
            if await self.heal_due() < AT_ONCE:
                await asyncio.sleep(PAUSE_S)

    async def heal_due(self) -> int:
        """Look at the profiles that are due, `AT_ONCE` at most, and answer how many that were."""
        now, healed_before = self._clock(), self.healed
        due = [key for key, _ in takewhile(lambda item: item[1] <= now, self._due.items())][:AT_ONCE]
        for key in due:
            del self._due[key]
        try:
            if due:
                await self._look_at(due)
            await self._compare_seen()
        except _AWAY:
            # Whoever is away now is asked again later, for all of them.
            self.touched(key for key in due if key not in self._due)
        if healed := self.healed - healed_before:
            _log.info("%d cached profiles were not what their records make them", healed)
        return len(due)

    async def _look_at(self, keys: Sequence[ProfileKey]) -> None:
        """Let copies catch up that lack something, and note which are to be compared."""
        cached = dict(zip(keys, await asyncio.gather(*(self._cache.load(*key) for key in keys)), strict=True))
        # Marked only now: what is in those copies was in the journal before.
        are_stored = self._mark()
        held = {key: loaded for key, loaded in cached.items() if loaded.version != ABSENT}
        if not are_stored():
            await asyncio.gather(*(self._catch_up(key, loaded) for key, loaded in held.items()))
        if held:
            self._seen.append((are_stored, {key: loaded.version for key, loaded in held.items()}))
        while sum(len(versions) for _, versions in self._seen) > WAITING:
            self.dropped += len(self._seen.popleft()[1])

    async def _catch_up(self, key: ProfileKey, loaded: Loaded) -> None:
        durable = await self._durable.find(*key)
        if durable is not None and await self._replace(key, loaded, caught_up(loaded.profile, durable)):
            self.touched([key])

    async def _compare_seen(self) -> None:
        while self._seen and self._seen[0][0]():
            _, versions = self._seen[0]
            await asyncio.gather(*(self._compare(key, version) for key, version in versions.items()))
            self._seen.popleft()

    async def _compare(self, key: ProfileKey, version: bytes) -> None:
        """Put the durable copy in the place of a cached one that is as it was when all it had was stored.

        Whoever has no durable copy by then was erased, and is to have nothing here either.
        """
        # Who has come again is looked at in their turn: a record may be on its way to the cache.
        if key in self._due:
            return
        loaded = await self._cache.load(*key)
        if loaded.version != version:
            return
        durable = await self._durable.find(*key) or Profile()
        if key not in self._due:
            await self._replace(key, loaded, durable)

    async def _replace(self, key: ProfileKey, loaded: Loaded, healed: Profile) -> bool:
        # Where somebody writes meanwhile, that record will be looked at in its turn.
        if healed == loaded.profile or not await self._cache.save(*key, loaded, healed):
            return False
        self.healed += 1
        return True
