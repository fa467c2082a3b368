"""Revisions to look at, read from PostgreSQL."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.documents import load_document
from app.storage.tables import revisions


async def has_revision(connection: AsyncConnection, site: int, number: int) -> bool:
    """Whether there is a revision of this number."""
    query = select(revisions.c.number).where(revisions.c.site_id == site, revisions.c.number == number)
    return (await connection.execute(query)).first() is not None


async def load_revision(connection: AsyncConnection, site: int, number: int) -> dict[str, Any]:
    """Read a revision's document in pieces."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return await load_document(driver, site, number)
