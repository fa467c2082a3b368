"""Who has changed the draft of a site since it was last published."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.schedule_tables import draft_authors
from app.web.keyring import Caller


async def note_author(connection: AsyncConnection, caller: Caller) -> None:
    """Remember that a caller has changed the draft; the site must be locked.

    Whoever writes a row of `drafts` calls it, in that transaction: a review rests on it.
    """
    row = {"site_id": caller.site, "key_id": UUID(caller.key_id), "name": caller.name}
    # Not `now()`: a transaction may have begun before the one that it had to wait for.
    again = {"name": caller.name, "changed_at": func.clock_timestamp()}
    change = insert(draft_authors).values(**row)
    await connection.execute(change.on_conflict_do_update(index_elements=["site_id", "key_id"], set_=again))


async def list_authors(connection: AsyncConnection, site: int) -> Mapping[UUID, str]:
    """Name each author by the id of the key."""
    query = select(draft_authors.c.key_id, draft_authors.c.name).where(draft_authors.c.site_id == site)
    found = await connection.execute(query.order_by(draft_authors.c.changed_at))
    return {row.key_id: row.name for row in found}


async def forget_authors(connection: AsyncConnection, site: int, *, until: datetime | None = None) -> None:
    """Let go of whoever has changed nothing since an instant, or of all: what they changed is published."""
    gone = delete(draft_authors).where(draft_authors.c.site_id == site)
    await connection.execute(gone if until is None else gone.where(draft_authors.c.changed_at <= until))
