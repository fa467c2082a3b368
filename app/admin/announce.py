"""Telling webhooks what happened: written down where it happens, sent once that is committed."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
import uuid_utils.compat
from sqlalchemy import any_, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.clock import now
from app.storage.webhook_tables import webhook_deliveries, webhooks

EventName: TypeAlias = Literal["revision.published", "revision.publish_failed", "experiment.status_changed"]


class Announcement(msgspec.Struct, frozen=True):
    """What is told: what happened, and what the one who hears of it may want to know."""

    event: EventName
    data: Mapping[str, Any]


async def announce(connection: AsyncConnection, site: int, *told: Announcement) -> None:
    """Leave a message for each webhook of a site that wants to hear of it, in the caller's transaction."""
    for each in told:
        wanted = any_(webhooks.c.events) == each.event
        query = select(webhooks.c.id).where(webhooks.c.site_id == site, webhooks.c.enabled, wanted)
        receivers = (await connection.execute(query)).scalars().all()
        await enqueue(connection, receivers, each.event, each.data)


async def enqueue(
    connection: AsyncConnection, receivers: Sequence[UUID], event: str, data: Mapping[str, Any]
) -> list[UUID]:
    """Leave a message for these webhooks, and give its id at each: the `webhook-id` of every attempt."""
    body = msgspec.json.encode({"type": event, "timestamp": now(), "data": data})
    ids = [uuid_utils.compat.uuid7() for _ in receivers]
    rows = [
        {"id": id_, "webhook_id": receiver, "event": event, "body": body}
        for id_, receiver in zip(ids, receivers, strict=True)
    ]
    if rows:
        await connection.execute(insert(webhook_deliveries), rows)
    return ids
