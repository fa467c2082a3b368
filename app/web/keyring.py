"""Who may do what, and how often: every key in force, in memory, by its hash."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from enum import IntEnum
from math import ceil
from time import monotonic
from typing import Literal

import asyncpg
import msgspec

from app.kit.token_bucket import TokenBucket
from app.web.problems import TooManyRequestsError

KeyKind = Literal["public", "secret"]

PREFIXES: Mapping[KeyKind, str] = {"public": "pk_", "secret": "sk_"}

_IN_FORCE = "SELECT id, site_id, hash, kind, role, name FROM keys WHERE revoked_at IS NULL"


class Role(IntEnum):
    """What a secret key may do; each role may do all that those before it may."""

    VIEWER = 1
    EDITOR = 2
    PUBLISHER = 3
    ADMIN = 4


class Caller(msgspec.Struct, frozen=True):
    """Whose key a request brings. A public key has no role."""

    site: int
    key_id: str
    kind: KeyKind
    role: Role | None
    name: str


def hash_of(raw: str) -> bytes:
    """Hash a key as it is stored: BLAKE2b-256, once."""
    return hashlib.blake2b(raw.encode(errors="surrogatepass"), digest_size=32).digest()


def new_key(kind: KeyKind) -> str:
    """Make a key of 256 random bits."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


class Keyring:
    """Every key in force. It knows none until it is loaded, and is replaced whole each time.

    With `requests_per_s` each key may ask so often here, and no key takes anything from another.
    """

    def __init__(
        self, requests_per_s: float | None = None, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._callers: Mapping[bytes, Caller] = {}
        self._requests_per_s = requests_per_s
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    async def load(self, pool: asyncpg.Pool) -> None:
        """Read the keys anew; whatever goes wrong, those known before stay known."""
        self._callers = {bytes(row["hash"]): _caller_of(row) for row in await pool.fetch(_IN_FORCE)}
        known = {caller.key_id for caller in self._callers.values()}
        self._buckets = {key_id: bucket for key_id, bucket in self._buckets.items() if key_id in known}

    def find(self, raw: str) -> Caller | None:
        """Find whose key this is; looked up by its hash, so that timing tells nothing of other keys."""
        return self._callers.get(hash_of(raw))

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
                f"this key may ask {self._requests_per_s:g} times a second here", retry_after_s=ceil(wait_s)
            )


def _caller_of(row: asyncpg.Record) -> Caller:
    role = Role[row["role"].upper()] if row["role"] is not None else None
    return Caller(row["site_id"], str(row["id"]), row["kind"], role, row["name"])
