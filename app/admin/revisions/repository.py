"""Revisions in PostgreSQL: they are inserted and read, never changed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.notice import notify_changed
from app.engine.arms import HOLDOUT
from app.kit.collector import no_full_collections
from app.storage.documents import SINGLES, load_document
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


async def has_revision(connection: AsyncConnection, site: int, number: int) -> bool:
    """Whether there is such a revision."""
    found = await connection.execute(
        select(revisions.c.number).where(revisions.c.site_id == site, revisions.c.number == number)
    )
    return found.first() is not None


async def load_plain(connection: AsyncConnection, site: int, number: int) -> dict[str, Any]:
    """Read a revision's document in pieces."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    with no_full_collections():
        return await load_document(driver, site, number)


async def find_latest_number(connection: AsyncConnection, site: int) -> int:
    """Find the number of the revision in force; 0 where nothing was ever published."""
    latest = select(func.coalesce(func.max(revisions.c.number), 0)).where(revisions.c.site_id == site)
    number: int = (await connection.execute(latest)).scalar_one()
    return number


_REACHED = text("""
    SELECT experiment, phase FROM experiment_phases WHERE site_id = :site AND experiment = ANY (:keys)
""")


async def find_reached(connection: AsyncConnection, site: int, keys: Collection[str]) -> dict[str, int]:
    """Find the highest phase that each of these experiments ever had, where it had one."""
    found = await connection.execute(_REACHED, {"site": site, "keys": list(keys)})
    return {row.experiment: row.phase for row in found}


async def list_revisions(
    connection: AsyncConnection, site: int, *, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """List revisions without their documents, newest first, from the one before a number."""
    query = select(*_SUMMARY).where(revisions.c.site_id == site)
    if before is not None:
        query = query.where(revisions.c.number < before)
    found = await connection.execute(query.order_by(revisions.c.number.desc()).limit(limit))
    return found.mappings().all()


# The draft is put together where it is, so that nobody here has to encode and send all of it; as JSON, since
# binary JSON would be built anew with each part that it becomes part of.
_FREEZE = text("""
    INSERT INTO revisions (site_id, number, author, comment, document)
    SELECT :site_id, :number, :author, :comment, CASE
        WHEN CAST(:phases AS jsonb) -> CAST(:holdout AS text) IS NULL THEN frozen
        ELSE frozen || jsonb_build_object('holdout', coalesce(frozen -> 'holdout', '{}')
            || jsonb_build_object('phase', CAST(:phases AS jsonb) -> CAST(:holdout AS text)))
    END
    FROM (SELECT coalesce(CAST(json_object_agg(kind, given) AS jsonb), '{}') AS frozen FROM (
        SELECT kind, CASE WHEN kind = ANY (:singles) THEN json_agg(document) -> 0 ELSE
            json_agg(
                CASE kind WHEN 'experiments' THEN
                    document || jsonb_build_object('phase', CAST(:phases AS jsonb) -> key)
                ELSE document END
                ORDER BY position, key
            )
        END AS given
        FROM drafts WHERE site_id = :site_id GROUP BY kind
    ) AS fields) AS whole
    RETURNING created_at
""")


async def insert_revision(
    connection: AsyncConnection, row: Mapping[str, Any], phases: Mapping[str, int]
) -> datetime:
    """Keep the draft as a revision, and tell every process once committed.

    Each experiment has its phase in it, and so has the holdout where it is not the first. The site must be
    locked since the draft was checked. Gives the instant of the revision.
    """
    given = {**row, "phases": msgspec.json.encode(phases).decode(), "singles": sorted(SINGLES)}
    given["holdout"] = HOLDOUT
    created_at: datetime = (await connection.execute(_FREEZE, given)).scalar_one()
    await notify_changed(connection, row["site_id"])
    return created_at


_INSERT = text("""
    INSERT INTO revisions (site_id, number, author, comment, document)
    VALUES (:site_id, :number, :author, :comment, CAST(:document AS jsonb))
    RETURNING created_at
""")


async def insert_document(
    connection: AsyncConnection, row: Mapping[str, Any], document: Mapping[str, Any]
) -> datetime:
    """Keep a document as a revision, and tell every process once committed; gives its instant."""
    given = {**row, "document": msgspec.json.encode(document).decode()}
    created_at: datetime = (await connection.execute(_INSERT, given)).scalar_one()
    await notify_changed(connection, row["site_id"])
    return created_at
