"""Who may do what, and how often: every key in force, in memory, by its hash."""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from enum import IntEnum
from math import ceil
from time import monotonic, time
from typing import Literal

import asyncpg
import msgspec

from app.kit.token_bucket import TokenBucket
from app.web.pepper import Pepper
from app.web.problems import TooManyRequestsError
from app.web.rate_limit import allowance_of

KeyKind = Literal["public", "secret"]

PREFIXES: Mapping[KeyKind, str] = {"public": "pk_", "secret": "sk_"}

# To the instant it is the clock in here that decides, wherever the database's own stands.
_IN_FORCE = """
    SELECT id, site_id, hash, pepper, kind, role, name, extract(epoch FROM expires_at)::float8 AS expires_at_s
    FROM keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now() - interval '1 day')
"""

_log = logging.getLogger(__name__)


class Role(IntEnum):
    """What a secret key may do; each role may do all that those before it may."""

    VIEWER = 1
    EDITOR = 2
    PUBLISHER = 3
    ADMIN = 4


class Caller(msgspec.Struct, frozen=True):
    """Whose key a request brings, until when that is good, and by which request. A public key has no role."""

    site: int
    key_id: str
    kind: KeyKind
    role: Role | None
    name: str
    expires_at_s: float | None = None
    request_id: str | None = None


def hash_of(raw: str, pepper: Pepper | None = None) -> bytes:
    """Hash a key as it is stored: BLAKE2b-256, once, keyed with the pepper if there is one."""
    key = b"" if pepper is None else pepper.key
    return hashlib.blake2b(raw.encode(errors="surrogatepass"), digest_size=32, key=key).digest()


def new_key(kind: KeyKind) -> str:
    """Make a key of 256 random bits."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


class Keyring:
    """Every key in force. It knows none until it is loaded, and is replaced whole each time.

    With `requests_per_s` each key may ask so often here, and no key takes anything from another. The first of
    the `peppers` is for new keys. `used` are the ids of those that were found, until somebody empties it.
    """

    def __init__(
        self,
        requests_per_s: float | None = None,
        *,
        peppers: tuple[Pepper, ...] = (),
        clock: Callable[[], float] = monotonic,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self._callers: Mapping[bytes, Caller] = {}
        self._met: dict[str, Caller] = {}
        self.used: set[str] = set()
        # Keys from before there was a pepper go on.
        self._ways: tuple[Pepper | None, ...] = (*peppers, None)
        self._foreign = 0
        self._requests_per_s = requests_per_s
        self._clock, self._wall_clock = clock, wall_clock
        self._buckets: dict[str, TokenBucket] = {}

    @property
    def pepper(self) -> Pepper | None:
        """What new keys are hashed with."""
        return self._ways[0]

    async def load(self, pool: asyncpg.Pool) -> None:
        """Read the keys anew; whatever goes wrong, those known before stay known."""
        rows = await pool.fetch(_IN_FORCE)
        ways = {None if way is None else way.name for way in self._ways}
        self._callers = {bytes(row["hash"]): _caller_of(row) for row in rows if row["pepper"] in ways}
        self._met = {}
        known = {caller.key_id for caller in self._callers.values()}
        self._buckets = {key_id: bucket for key_id, bucket in self._buckets.items() if key_id in known}
        self._complain_of(len(rows) - len(self._callers))

    def find(self, raw: str) -> Caller | None:
        """Find whose key this is, and that it has not expired; timing tells nothing of other keys.

        A key is looked up by its hash. One that was found is known by itself until the next load, by a
        look-up that compares two keys only where their hashes, seeded by chance, are equal.
        """
        caller = self._met.get(raw) or self._meet(raw)
        if caller is None or caller.expires_at_s is None or not self._is_over(caller.expires_at_s):
            return caller
        return None

    def admit(self, caller: Caller) -> None:
        """Count a request of somebody who was just found; raises TooManyRequestsError."""
        if self._requests_per_s is None:
            return
        now_s = self._clock()
        bucket = self._buckets.get(caller.key_id)
        if bucket is None:
            bucket = self._buckets[caller.key_id] = TokenBucket(self._requests_per_s, now_s)
        wait_s = bucket.take(now_s)
        if wait_s > 0:
            raise TooManyRequestsError(
                f"this key may ask {self._requests_per_s:g} times a second here",
                retry_after_s=ceil(wait_s),
                allowance=allowance_of(bucket, self._requests_per_s),
            )

    def allowance(self, caller: Caller) -> Mapping[str, str]:
        """Tell somebody who was admitted what is left, as headers; nothing where nobody is limited."""
        if self._requests_per_s is None:
            return {}
        return allowance_of(self._buckets[caller.key_id], self._requests_per_s)

    def _meet(self, raw: str) -> Caller | None:
        for pepper in self._ways:
            caller = self._callers.get(hash_of(raw, pepper))
            if caller is not None:
                self._met[raw] = caller
                # Once for each load, so that it costs the requests in between nothing.
                if caller.expires_at_s is None or not self._is_over(caller.expires_at_s):
                    self.used.add(caller.key_id)
                return caller
        return None

    def _is_over(self, instant_s: float) -> bool:
        return instant_s <= self._wall_clock()

    def _complain_of(self, foreign: int) -> None:
        if foreign > self._foreign:
            _log.warning(
                "%d keys are unknown here, hashed with another pepper: set SIGNPOST_KEY_PEPPER, the same on "
                "every host",
                foreign,
            )
        self._foreign = foreign


def _caller_of(row: asyncpg.Record) -> Caller:
    role = Role[row["role"].upper()] if row["role"] is not None else None
    return Caller(row["site_id"], str(row["id"]), row["kind"], role, row["name"], row["expires_at_s"])
