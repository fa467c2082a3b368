"""What waits to be sent, as those who send see it in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from app.admin.webhooks.post import Answer
from app.admin.webhooks.signature import Secret

Status: TypeAlias = Literal["waiting", "delivered", "failed"]

# Longer than an attempt may take, so that no other process sends what this one is about to.
LEASE = timedelta(seconds=30)

_CLAIM = """
    -- Once, whatever the plan: to ask again would be to lock others.
    WITH free AS MATERIALIZED (
        SELECT id FROM webhooks
        WHERE enabled AND (busy_until IS NULL OR busy_until < $1) AND id IN (
            SELECT webhook_id FROM webhook_deliveries WHERE status = 'waiting' AND next_at <= $1
        )
        -- Where more is to be done than anybody can do at once, each has its turn.
        ORDER BY random() LIMIT $3 FOR UPDATE SKIP LOCKED
    )
    UPDATE webhooks SET busy_until = $1::timestamptz + $2::interval FROM free WHERE webhooks.id = free.id
    RETURNING webhooks.id
"""
# The lease is renewed, and what the webhook says now is what counts.
_NEXT = """
    WITH held AS (
        UPDATE webhooks SET busy_until = $2::timestamptz + $3::interval WHERE id = $1 AND enabled
        RETURNING id, url, secrets
    )
    SELECT waiting.id, waiting.webhook_id, waiting.body, waiting.attempts, waiting.since,
        held.url, held.secrets
    FROM held JOIN webhook_deliveries AS waiting ON waiting.webhook_id = held.id
    WHERE waiting.status = 'waiting' AND waiting.next_at <= $2
    ORDER BY waiting.next_at, waiting.id LIMIT 1
"""
_RECORD = """
    UPDATE webhook_deliveries SET status = $2, attempts = attempts + 1, next_at = $3, last_at = $4,
        response_code = $5, answer = $6, error = $7
    WHERE id = $1
"""
_DISABLE = """
    UPDATE webhooks SET enabled = false, disabled_because = $2, version = version + 1, updated_at = now()
    WHERE id = $1
"""
_RELEASE = "UPDATE webhooks SET busy_until = NULL WHERE id = $1"


class Waiting(msgspec.Struct, frozen=True):
    """A message that is to be sent now, and where to. `attempts` were made before."""

    id: UUID
    webhook_id: UUID
    url: str
    secrets: list[Secret]
    body: bytes
    attempts: int
    since: datetime


async def claim(pool: asyncpg.Pool, now: datetime, at_most: int) -> Sequence[UUID]:
    """Take webhooks for which something waits, for the time of a lease; nobody else gets them meanwhile."""
    return [row["id"] for row in await pool.fetch(_CLAIM, now, LEASE, at_most)]


async def find_next(pool: asyncpg.Pool, webhook: UUID, now: datetime) -> Waiting | None:
    """Find what is to be sent next to a webhook that was claimed, and hold it for another lease."""
    row: Any = await pool.fetchrow(_NEXT, webhook, now, LEASE)
    if row is None:
        return None
    secrets = msgspec.json.decode(row["secrets"], type=list[Secret])
    return Waiting(**{**row, "secrets": secrets})


async def record(
    pool: asyncpg.Pool, sent: Waiting, answer: Answer, now: datetime, next_at: datetime | None
) -> None:
    """Write down what came of an attempt, and when the next one is; without that it is done or given up."""
    status: Status = "waiting" if next_at else "delivered" if answer.is_taken else "failed"
    said = (answer.code, answer.text, answer.error)
    await pool.execute(_RECORD, sent.id, status, next_at, now, *said)


async def disable(pool: asyncpg.Pool, webhook: UUID, because: str) -> None:
    """Send nothing to a webhook any more, until somebody enables it."""
    await pool.execute(_DISABLE, webhook, because)


async def release(pool: asyncpg.Pool, webhook: UUID) -> None:
    """Let others have a webhook that was claimed."""
    await pool.execute(_RELEASE, webhook)
