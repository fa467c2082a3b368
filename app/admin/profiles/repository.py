"""Merges of profiles and their undoings, as they are stored."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.records import Merge, Unmerge
from app.storage.tables import profile_changes

_decoder = msgspec.json.Decoder(Merge | Unmerge)


async def list_merges(connection: AsyncConnection, site: int, visitor: str) -> list[Merge | Unmerge]:
    """List all merges of a device and their undoings, in order."""
    changes = profile_changes.c
    found = await connection.execute(
        select(changes.record)
        .where(changes.site_id == site, changes.visitor == visitor, changes.into.is_not(None))
        .order_by(changes.at, changes.id)
    )
    return [_decoder.decode(record) for record in found.scalars()]


async def is_stored(connection: AsyncConnection, unmerge: Unmerge) -> bool:
    """Whether an undoing is stored, and so folded in."""
    changes = profile_changes.c
    found = await connection.execute(
        select(changes.id).where(changes.site_id == unmerge.site, changes.id == UUID(unmerge.id))
    )
    return found.first() is not None
