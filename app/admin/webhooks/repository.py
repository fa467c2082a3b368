"""Webhooks in PostgreSQL, and what was sent to them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils.compat
from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.webhooks.signature import Secret
from app.storage.webhook_tables import webhook_deliveries as deliveries
from app.storage.webhook_tables import webhooks

_TOLD = (
    webhooks.c.id,
    webhooks.c.url,
    webhooks.c.events,
    webhooks.c.enabled,
    webhooks.c.disabled_because,
    webhooks.c.created_at,
    webhooks.c.updated_at,
    webhooks.c.version,
)
_DELIVERY = (
    deliveries.c.id,
    deliveries.c.event,
    deliveries.c.status,
    deliveries.c.attempts,
    deliveries.c.response_code,
    deliveries.c.answer,
    deliveries.c.error,
    deliveries.c.body,
    deliveries.c.created_at,
    deliveries.c.last_at,
    deliveries.c.next_at,
)


async def count_webhooks(connection: AsyncConnection, site: int) -> int:
    """Count the webhooks of a site."""
    query = select(func.count()).where(webhooks.c.site_id == site)
    count: int = (await connection.execute(query)).scalar_one()
    return count


async def insert_webhook(
    connection: AsyncConnection, site: int, fields: Mapping[str, Any], secret: str
) -> UUID:
    """Add a webhook, and give its id."""
    webhook = uuid_utils.compat.uuid7()
    row = {"id": webhook, "site_id": site, "secrets": _plain([Secret(secret)]), **fields}
    await connection.execute(insert(webhooks).values(**row))
    return webhook


async def find_webhook(
    connection: AsyncConnection, site: int, webhook: UUID, *, lock: bool = False
) -> RowMapping | None:
    """Find a webhook; with `lock` nobody else changes it until this transaction ends."""
    query = select(*_TOLD).where(webhooks.c.site_id == site, webhooks.c.id == webhook)
    found = await connection.execute(query.with_for_update() if lock else query)
    return found.mappings().one_or_none()


async def list_webhooks(
    connection: AsyncConnection, site: int, *, before: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """List webhooks, newest first, from the one before an id."""
    query = select(*_TOLD).where(webhooks.c.site_id == site)
    if before is not None:
        query = query.where(webhooks.c.id < before)
    found = await connection.execute(query.order_by(webhooks.c.id.desc()).limit(limit))
    return found.mappings().all()


async def update_webhook(connection: AsyncConnection, webhook: UUID, fields: Mapping[str, Any]) -> None:
    """Change what a webhook says, which makes another version of it."""
    change = update(webhooks).where(webhooks.c.id == webhook)
    now = {"version": webhooks.c.version + 1, "updated_at": func.now()}
    await connection.execute(change.values(**fields, **now))


async def delete_webhook(connection: AsyncConnection, webhook: UUID) -> None:
    """Take a webhook away, with all that was or is to be sent to it."""
    await connection.execute(delete(webhooks).where(webhooks.c.id == webhook))


async def load_secrets(connection: AsyncConnection, webhook: UUID) -> list[Secret]:
    """Read what a webhook's messages are signed with."""
    query = select(webhooks.c.secrets).where(webhooks.c.id == webhook)
    return msgspec.convert((await connection.execute(query)).scalar_one(), list[Secret])


async def store_secrets(connection: AsyncConnection, webhook: UUID, secrets: Sequence[Secret]) -> None:
    """Keep what a webhook's messages are signed with from now on."""
    change = update(webhooks).where(webhooks.c.id == webhook)
    await connection.execute(change.values(secrets=_plain(secrets)))


async def list_deliveries(
    connection: AsyncConnection, webhook: UUID, *, before: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """List what was and is to be sent to a webhook, newest first, from the one before an id."""
    query = select(*_DELIVERY).where(deliveries.c.webhook_id == webhook)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    found = await connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
    return found.mappings().all()


async def get_delivery(connection: AsyncConnection, webhook: UUID, delivery: UUID) -> RowMapping:
    """Read a message to a webhook, which must be there."""
    query = select(*_DELIVERY).where(deliveries.c.webhook_id == webhook, deliveries.c.id == delivery)
    return (await connection.execute(query)).mappings().one()


async def send_again(connection: AsyncConnection, webhook: UUID, delivery: UUID) -> bool:
    """Let a message be sent as if it were new; False where there is none."""
    anew = {"status": "waiting", "attempts": 0, "since": func.now(), "next_at": func.now()}
    change = update(deliveries).where(deliveries.c.webhook_id == webhook, deliveries.c.id == delivery)
    return (await connection.execute(change.values(**anew))).rowcount == 1


def _plain(secrets: Sequence[Secret]) -> Any:
    return msgspec.to_builtins(list(secrets))
