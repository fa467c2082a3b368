"""Schedules in PostgreSQL: what is to be published when, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
import uuid_utils.compat
from sqlalchemy import RowMapping, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage import documents
from app.storage.documents import SINGLES
from app.storage.schedule_tables import scheduled_revisions as schedules

Outcome: TypeAlias = Literal["published", "failed", "cancelled"]

_SUMMARY = (
    schedules.c.id,
    schedules.c.publish_at,
    schedules.c.comment,
    schedules.c.author,
    schedules.c.status,
    schedules.c.revision,
    func.coalesce(schedules.c.errors, func.jsonb_build_array()).label("errors"),
    schedules.c.created_at,
    schedules.c.finished_at,
)

# The draft is put together where it is, so that nobody here has to encode and send all of it.
_FREEZE = text("""
    INSERT INTO scheduled_revisions
        (id, site_id, publish_at, comment, author, key_id, authors, base, created_at, document)
    SELECT :id, :site_id, :publish_at, :comment, :author, :key_id, CAST(:authors AS uuid[]), :base,
        clock_timestamp(), coalesce(jsonb_object_agg(kind, given), '{}')
    FROM (
        SELECT kind, CASE WHEN kind = ANY (:singles) THEN jsonb_agg(document) -> 0 ELSE
            jsonb_agg(document ORDER BY position, key)
        END AS given
        FROM drafts WHERE site_id = :site_id GROUP BY kind
    ) AS fields
""")


class Due(msgspec.Struct, frozen=True):
    """A schedule whose instant has come. `base` was in force when `created_at` froze the draft."""

    id: UUID
    site_id: int
    publish_at: datetime
    comment: str
    author: str
    key_id: UUID
    authors: list[UUID]
    base: int
    created_at: datetime


async def insert_schedule(connection: AsyncConnection, row: Mapping[str, Any]) -> UUID:
    """Keep the draft as it is now, to be published later; gives an id. The site must be locked."""
    schedule = uuid_utils.compat.uuid7()
    await connection.execute(_FREEZE, {**row, "id": schedule, "singles": sorted(SINGLES)})
    return schedule


async def count_waiting(connection: AsyncConnection, site: int) -> int:
    """Count what is still to be published."""
    waiting = select(func.count()).where(schedules.c.site_id == site, schedules.c.status == "waiting")
    count: int = (await connection.execute(waiting)).scalar_one()
    return count


async def find_schedule(connection: AsyncConnection, site: int, schedule: UUID) -> RowMapping | None:
    """Find a schedule, without its document."""
    found = await connection.execute(
        select(*_SUMMARY).where(schedules.c.site_id == site, schedules.c.id == schedule)
    )
    return found.mappings().one_or_none()


async def list_schedules(
    connection: AsyncConnection, site: int, *, before: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """List schedules without their documents, the latest made first, from the one before an id."""
    query = select(*_SUMMARY).where(schedules.c.site_id == site)
    if before is not None:
        query = query.where(schedules.c.id < before)
    found = await connection.execute(query.order_by(schedules.c.id.desc()).limit(limit))
    return found.mappings().all()


async def load_scheduled(connection: AsyncConnection, schedule: UUID) -> dict[str, Any]:
    """Read what a schedule keeps, in pieces."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return await documents.load_scheduled(driver, schedule)


async def claim_due(connection: AsyncConnection) -> Due | None:
    """Lock one schedule whose instant has come, the earliest of its site; None where none is to be had."""
    earlier = schedules.alias()
    mine = schedules.c
    before = tuple_(earlier.c.publish_at, earlier.c.id) < tuple_(mine.publish_at, mine.id)
    overtaking = select(earlier.c.id).where(
        earlier.c.site_id == mine.site_id, earlier.c.status == "waiting", before
    )
    # By the clock of the database alone, so that no host with another one comes too early.
    due = (mine.status == "waiting", mine.publish_at <= func.now(), ~overtaking.exists())
    query = select(*(mine[name] for name in Due.__struct_fields__)).where(*due)
    query = query.order_by(mine.publish_at, mine.id).limit(1).with_for_update(skip_locked=True, of=schedules)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else Due(**found)


async def finish(
    connection: AsyncConnection,
    schedule: UUID,
    outcome: Outcome,
    *,
    revision: int | None = None,
    errors: Sequence[Any] | None = None,
) -> bool:
    """Say what became of a schedule that waits; False where it does not, as one that ran in the meantime.

    What failed keeps its document.
    """
    done = update(schedules).where(schedules.c.id == schedule, schedules.c.status == "waiting")
    values = {
        "status": outcome,
        "revision": revision,
        "errors": errors,
        "finished_at": func.clock_timestamp(),
    }
    kept = {} if outcome == "failed" else {"document": None}
    return (await connection.execute(done.values(**values, **kept))).rowcount == 1
