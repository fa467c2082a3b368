"""Profiles in Valkey, with the durable copies in PostgreSQL behind them."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import asyncpg

from app.engine.profile import Profile
from app.profiles.codec import ABSENT, VERSION_BYTES, encode_profile, readable_profile, version_of
from app.profiles.durable import DurableProfiles
from app.profiles.hot import PREFIX, Hot
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.script import Script
from app.storage.question import ErrorReply, Question
from app.storage.valkey import Valkey

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

AWAY = (ErrorReply, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class RedisProfiles:
    """The profile store that decisions use. Every call keeps to `budget_s` or raises ProfilesUnavailable.

    `hot` are the copies that `valkey` keeps true. They are filled where a reply comes in, since that is its
    place in the order of all changes; whoever waited for the reply has their turn only later.
    """

    def __init__(
        self, valkey: Valkey, durable: DurableProfiles, *, budget_s: float, ttl_s: int, hot: Hot | None = None
    ) -> None:
        self._valkey = valkey
        self._durable = durable
        self._budget_s = budget_s
        self._ttl_s = ttl_s
        self._hot = Hot(0) if hot is None else hot
        self._save = Script(valkey, _SAVE, within_s=budget_s)
        self._renew = Script(valkey, _RENEW, within_s=budget_s)
        self._reading: dict[str, Question] = {}

    def find_hot(self, site: int, visitor: str) -> Loaded | None:
        """Find a profile in this process, as it was in Valkey a few milliseconds ago at most."""
        key = profile_key(site, visitor)
        if not self._valkey.node_of(key).is_coherent():
            return None
        body = self._hot.find(key)
        profile = readable_profile(body)
        return None if body is None or profile is None else Loaded(profile, version_of(body))

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        """Read a profile, and which of the event ids are known already."""
        deadline = monotonic() + self._budget_s
        try:
            body, *marks = await self._read(_keys(site, visitor, event_ids))
            known = frozenset([id_ for id_, mark in zip(event_ids, marks, strict=True) if mark])
            profile = readable_profile(body)
            if profile is None:
                async with asyncio.timeout(deadline - monotonic()):
                    profile = await self._durable.find(site, visitor) or Profile()
            return Loaded(profile, ABSENT if body is None else version_of(body), known)
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error

    def _read(self, keys: Sequence[str]) -> asyncio.Future[list[bytes | None]]:
        """Read a profile and marks at one instant; reads of the same profile alone share one."""
        key = keys[0]
        reading = self._reading.get(key) if len(keys) == 1 else None
        if reading is None or reading.is_late:
            heard = partial(self._has_read, key)
            reading = self._valkey.ask(("MGET", *keys), key=key, within_s=self._budget_s, heard=heard)
            if len(keys) == 1:
                self._reading[key] = reading
        return reading.wait()

    def _has_read(self, key: str, reply: Any) -> None:
        # It need not be this read that is shared; then nobody joins that one any more, and no harm is done.
        self._reading.pop(key, None)
        # Of strangers nothing is held: the durable copy of one may appear without a word from Valkey.
        if isinstance(reply, list) and reply[0] and self._valkey.node_of(key).is_tracked:
            self._hot.put(key, reply[0])
        else:
            self._hot.forget(key)

    def _has_changed(self, key: str, _reply: Any) -> None:
        # Whatever came of it: whoever asks next shall not be told what was before, not even for a moment.
        self._hot.forget(key)

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        """Replace a profile as it was loaded, and mark ids as known; False where somebody was quicker."""
        keys, body = _keys(site, visitor, event_ids), encode_profile(profile)
        heard = partial(self._has_changed, keys[0])
        try:
            return bool(await self._save.run(keys, loaded.version, body, self._ttl_s, MARK_S, heard=heard))
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error

    async def forget(self, site: int, visitor: str) -> None:
        """Drop the cached profile, so that the next load reads the durable copy; marks stay."""
        key = profile_key(site, visitor)
        heard = partial(self._has_changed, key)
        try:
            await self._valkey.ask(("DEL", key), key=key, within_s=self._budget_s, heard=heard).wait()
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error

    async def renew(self, site: int, visitor: str, rules: Iterable[str]) -> None:
        """Put the durable copy in the place of the cached one, and forget deliveries of these rules.

        Whoever has read the profile before, be it from the durable copy, cannot save it any more.
        """
        keys = [*_keys(site, visitor, ()), *cap_keys(site, visitor, rules)]
        heard = partial(self._has_changed, keys[0])
        try:
            async with asyncio.timeout(self._budget_s):
                profile = await self._durable.find(site, visitor) or Profile()
                await self._renew.run(keys, encode_profile(profile), self._ttl_s, heard=heard)
        except AWAY as error:
            raise ProfilesUnavailable(str(error) or type(error).__name__) from error


def tag_of(site: int, visitor: str) -> str:
    """Name a visitor in keys, so that one script may touch them all: the braces keep them in one slot."""
    # The length says where a visitor's name ends, whatever is in it.
    return f"{{{site}:{len(visitor)}:{visitor}}}"


def profile_key(site: int, visitor: str) -> str:
    """Name where a visitor's profile lies."""
    return PREFIX + tag_of(site, visitor)


def cap_keys(site: int, visitor: str, rules: Iterable[str]) -> list[str]:
    """Name where the deliveries of capped rules to a visitor are counted."""
    tag = tag_of(site, visitor)
    return [f"cap:{tag}{rule}" for rule in rules]


def _keys(site: int, visitor: str, event_ids: Sequence[str]) -> list[str]:
    if not event_ids:
        return [profile_key(site, visitor)]
    tag = tag_of(site, visitor)
    return [PREFIX + tag, *[f"event:{tag}{id_}" for id_ in event_ids]]
