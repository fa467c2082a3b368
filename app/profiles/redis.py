"""Profiles in Valkey, with the durable copies in PostgreSQL behind them."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.engine.profile import Profile
from app.kit.breaker import Breaker
from app.kit.coalesced import Coalesced
from app.profiles.codec import ABSENT, VERSION_BYTES, encode_profile, readable_profile, version_of
from app.profiles.durable import DurableProfiles
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.script import Script

# One atomic step: nobody else wrote since we read, so the fold and the marks of its events go in together.
_SAVE = f"""
local stored = redis.call('GETRANGE', KEYS[1], 0, {VERSION_BYTES - 1})
if stored ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
for i = 2, #KEYS do redis.call('SET', KEYS[i], '1', 'EX', ARGV[4]) end
return 1
"""
_RENEW = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
"""
MARK_S = 8 * 86_400

AWAY = (RedisError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class RedisProfiles:
    """The profile store that decisions use. Every call keeps to `budget_s` or raises ProfilesUnavailable."""

    def __init__(
        self, redis: Redis, durable: DurableProfiles, *, budget_s: float, ttl_s: int, breaker: Breaker
    ) -> None:
        self._redis = redis
        self._durable = durable
        self._budget_s = budget_s
        self._ttl_s = ttl_s
        self._save = Script(redis, _SAVE, within_s=budget_s, breaker=breaker)
        self._renew = Script(redis, _RENEW, within_s=budget_s, breaker=breaker)
        self._reads = Coalesced(self._read, within_s=budget_s, breaker=breaker)

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        """Read a profile, and which of the event ids are known already."""
        try:
            async with asyncio.timeout(self._budget_s):
                body, *marks = await self._reads.find_many(_keys(site, visitor, event_ids))
                known = frozenset(id_ for id_, mark in zip(event_ids, marks, strict=True) if mark)
                profile = readable_profile(body) or await self._durable.find(site, visitor) or Profile()
                return Loaded(profile, ABSENT if body is None else version_of(body), known)
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error

    async def _read(self, keys: Sequence[str]) -> dict[str, Any]:
        return dict(zip(keys, await self._redis.mget(keys), strict=True))

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        """Replace a profile as it was loaded, and mark ids as known; False where somebody was quicker."""
        keys, body = _keys(site, visitor, event_ids), encode_profile(profile)
        try:
            return bool(await self._save.run(keys, loaded.version, body, self._ttl_s, MARK_S))
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error

    async def forget(self, site: int, visitor: str) -> None:
        """Drop the cached profile, so that the next load reads the durable copy; marks stay."""
        try:
            async with asyncio.timeout(self._budget_s):
                await self._redis.delete(*_keys(site, visitor, ()))
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error

    async def renew(self, site: int, visitor: str, rules: Iterable[str]) -> None:
        """Put the durable copy in the place of the cached one, and forget deliveries of these rules.

        Whoever has read the profile before, be it from the durable copy, cannot save it any more.
        """
        keys = [*_keys(site, visitor, ()), *cap_keys(site, visitor, rules)]
        try:
            async with asyncio.timeout(self._budget_s):
                profile = await self._durable.find(site, visitor) or Profile()
                await self._renew.run(keys, encode_profile(profile), self._ttl_s)
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error


def tag_of(site: int, visitor: str) -> str:
    """Name a visitor in keys, so that one script may touch them all: the braces keep them in one slot."""
    # The length says where a visitor's name ends, whatever is in it.
    return f"{{{site}:{len(visitor)}:{visitor}}}"


def cap_keys(site: int, visitor: str, rules: Iterable[str]) -> list[str]:
    """Name where the deliveries of capped rules to a visitor are counted."""
    tag = tag_of(site, visitor)
    return [f"cap:{tag}{rule}" for rule in rules]


def _keys(site: int, visitor: str, event_ids: Sequence[str]) -> list[str]:
    tag = tag_of(site, visitor)
    return [f"profile:{tag}", *(f"event:{tag}{id_}" for id_ in event_ids)]
