"""Revisions in PostgreSQL: they are inserted and read, never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Text, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.documents import load_document
from app.storage.tables import revisions

_SUMMARY = (revisions.c.number, revisions.c.comment, revisions.c.author, revisions.c.created_at)


async def find_revision(connection: AsyncConnection, site: int, number: int) -> RowMapping | None:
    """Find a revision, with its document."""
    found = await connection.execute(
        select(*_SUMMARY, revisions.c.document).where(
            revisions.c.site_id == site, revisions.c.number == number
        )
    )
    return found.mappings().one_or_none()


async def load_plain(connection: AsyncConnection, site: int, number: int) -> dict[str, Any]:
    """Read a revision's document in pieces."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return await load_document(driver, site, number)


async def find_latest_number(connection: AsyncConnection, site: int) -> int:
    """Find the number of the revision in force; 0 where nothing was ever published."""
    latest = select(func.coalesce(func.max(revisions.c.number), 0)).where(revisions.c.site_id == site)
    number: int = (await connection.execute(latest)).scalar_one()
    return number


async def list_revisions(
    connection: AsyncConnection, site: int, *, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """List revisions without their documents, newest first, from the one before a number."""
    query = select(*_SUMMARY).where(revisions.c.site_id == site)
    if before is not None:
        query = query.where(revisions.c.number < before)
    found = await connection.execute(query.order_by(revisions.c.number.desc()).limit(limit))
    return found.mappings().all()


async def insert_revision(connection: AsyncConnection, row: Mapping[str, Any], document: str) -> datetime:
    """Keep a revision with its document, which is JSON, and tell every process once it is committed.

    Gives its instant.
    """
    # As JSONB from the start, the driver would encode it once more.
    kept = cast(literal(document, Text), JSONB)
    statement = insert(revisions).values(**row, document=kept).returning(revisions.c.created_at)
    created_at: datetime = (await connection.execute(statement)).scalar_one()
    await connection.execute(select(func.pg_notify("signpost_changed", str(row["site_id"]))))
    return created_at
