"""Merges of profiles, their undoings and erasures, as they are stored."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.records import Erase, Merge, Unmerge
from app.storage.tables import erasures, profile_changes

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


async def is_stored(connection: AsyncConnection, change: Unmerge | Erase) -> bool:
    """Whether an undoing or an erasure is stored, and so done with all that rests on it."""
    rows = (erasures if isinstance(change, Erase) else profile_changes).c
    found = await connection.execute(
        select(rows.id).where(rows.site_id == change.site, rows.id == UUID(change.id)).limit(1)
    )
    return found.first() is not None


async def list_concerned(connection: AsyncConnection, site: int, visitor: str) -> list[str]:
    """List the profiles that went, or were folded anew, whenever this visitor was erased."""
    rows = erasures.c
    whenever = select(rows.id).where(rows.site_id == site, rows.visitor == visitor, rows.erased)
    found = await connection.execute(
        select(rows.visitor).where(rows.site_id == site, rows.id.in_(whenever)).distinct()
    )
    return list(found.scalars())
