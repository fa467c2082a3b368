"""When keys were last used, written down now and then and never while somebody waits for an answer."""

import asyncio
import logging
from uuid import UUID

import asyncpg

from app.storage.attempts import Attempts
from app.web.keyring import Keyring

EVERY_S = 10.0

# The same key is used in many workers: one of them writes, once a minute, and none waits for another.
_WRITE = """
    UPDATE keys SET last_used_at = now() WHERE id IN (
        SELECT id FROM keys
        WHERE id = ANY ($1) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        FOR UPDATE SKIP LOCKED
    )
"""

_log = logging.getLogger(__name__)


async def write_use(keyring: Keyring, pool: asyncpg.Pool) -> None:
    """Write down which keys were used since this last worked, to the minute."""
    used = set(keyring.used)
    if used:
        await pool.execute(_WRITE, [UUID(key_id) for key_id in used])
        keyring.used -= used


async def keep_writing_use(keyring: Keyring, pool: asyncpg.Pool, *, every_s: float = EVERY_S) -> None:
    """Write it down again and again until cancelled. No failure ends it."""
    attempts = Attempts(_log, "writing down which keys were used")
    while True:
        await asyncio.sleep(every_s)
        with attempts:
            await write_use(keyring, pool)
