"""Webhooks in a database of their own, what waits for them, and those who send it."""

import uuid
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import asyncpg
import msgspec

from app.admin.webhooks.post import Post
from app.admin.webhooks.reach import Reach
from app.admin.webhooks.sender import Sender
from app.admin.webhooks.signature import new_secret

HERE = Reach((ip_network("127.0.0.0/8"),))


class Mailing:
    """One site's webhooks and messages, in the order made, under a clock that is set by hand."""

    def __init__(self, pool: asyncpg.Pool, site: int) -> None:
        self.pool = pool
        self.site = site
        # Ahead of the database, by whose clock messages are due from the moment that they are left.
        self.now = datetime.now(UTC) + timedelta(minutes=1)

    async def webhook(self, url: str, *secrets: str) -> uuid.UUID:
        """Add a webhook."""
        kept = [{"secret": secret, "until": None} for secret in secrets or (new_secret(),)]
        query = """INSERT INTO webhooks (id, site_id, url, events, enabled, secrets)
            VALUES ($1, $2, $3, '{}', true, $4) RETURNING id"""
        said = msgspec.json.encode(kept).decode()
        made: uuid.UUID = await self.pool.fetchval(query, uuid.uuid4(), self.site, url, said)
        return made

    async def message(self, webhook: uuid.UUID, **data: Any) -> uuid.UUID:
        """Leave a message."""
        query = """INSERT INTO webhook_deliveries (id, webhook_id, event, body, since, next_at)
            VALUES ($1, $2, 'test', $3, $4, $4) RETURNING id"""
        body = msgspec.json.encode(data)
        made: uuid.UUID = await self.pool.fetchval(query, uuid.uuid4(), webhook, body, self.now)
        return made

    async def delivery(self, message: uuid.UUID) -> asyncpg.Record:
        """Read what came of a message."""
        [row] = await self.pool.fetch("SELECT * FROM webhook_deliveries WHERE id = $1", message)
        return row

    async def status(self, message: uuid.UUID) -> str:
        return str((await self.delivery(message))["status"])

    def sender(self, post: Post) -> Sender:
        """Make one that sends by this clock, and leaves nothing to chance."""
        return Sender(self.pool, post, now=lambda: self.now, chance=lambda: 0.5)

    async def send_due(self, post: Post) -> None:
        """Send what is due."""
        await self.sender(post).send_due()

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
