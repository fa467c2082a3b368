"""How cached profiles catch up with the durable ones, where a record got into the journal and no further."""

import asyncio
import logging
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


Heal = Callable[[Profile, Profile], Profile]
"""Answers what a cached profile should be, given the durable one."""


def caught_up(cached: Profile, durable: Profile) -> Profile:
    """Answer a cached profile with all that the durable one is ahead of it.

    The cached one may be ahead too, by what has not been shipped yet; that stays.
    """
    if durable.owner is not None and cached.owner != durable.owner:
        return durable
    ahead = durable if durable.events > cached.events else cached
    caps = {
        rule: max(cached.caps.get(rule, []), durable.caps.get(rule, []), key=len)
        for rule in {**durable.caps, **cached.caps}
    }
    return replace(
        ahead,
        first_ms=earlier(cached.first_ms, durable.first_ms) if durable.first_ms else cached.first_ms,
        traits=durable.traits,
        arms=earliest(cached.arms, durable.arms),
        caps=caps,
        consent=latest(cached.consent, durable.consent),
    )


class Healer:
    """Compares what was folded durably with the cache, once nothing more of it can be on its way.

    `is_level` looks whether all records of this host are stored. `healed` counts profiles that differed,
    `dropped` those that nobody looked at for want of room.
    """

    def __init__(
        self,
        durable: DurableProfiles,
        cache: Cache,
        is_level: Callable[[], bool],
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.healed = self.dropped = 0
        self._durable = durable
        self._cache = cache
        self._is_level = is_level
        self._clock = clock
        # In the order in which they are due.
        self._due: dict[ProfileKey, float] = {}

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
        now = self._clock()
        due = [key for key, _ in takewhile(lambda item: item[1] <= now, self._due.items())][:AT_ONCE]
        for key in due:
            del self._due[key]
        try:
            await self._heal(due)
        except _AWAY:
            # Whoever is away now is asked again later, for all of them.
            self.touched(key for key in due if key not in self._due)
        return len(due)

    async def _heal(self, keys: Sequence[ProfileKey]) -> None:
        cached = await asyncio.gather(*(self._cache.load(*key) for key in keys))
        # Asked only now: what is in those copies was in the journal before, so all of it is stored by then.
        heal = _as_durable if self._is_level() else caught_up
        await asyncio.gather(
            *(self._heal_one(key, loaded, heal) for key, loaded in zip(keys, cached, strict=True))
        )

    async def _heal_one(self, key: ProfileKey, loaded: Loaded, heal: Heal) -> None:
        durable = None if loaded.version == ABSENT else await self._durable.find(*key)
        if durable is None:
            return
        healed = heal(loaded.profile, durable)
        # Where somebody writes meanwhile, that record will be looked at in its turn.
        if healed != loaded.profile and await self._cache.save(*key, loaded, healed):
            self.healed += 1
            _log.info("a cached profile of site %s was not what its records make it", key[0])


def _as_durable(_cached: Profile, durable: Profile) -> Profile:
    return durable
