"""Entries of the audit in pages, or all of them piece by piece."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.admin.trail import repository
from app.admin.trail.lines import WRITTEN
from app.admin.trail.repository import Entry
from app.admin.trail.schemas import Format, Query
from app.web.keyring import Caller
from app.web.paging import Page, cursor_of

# What of an export is in memory at once: so many entries, fewer where their documents have so many bytes.
AT_ONCE, AT_ONCE_BYTES = 200, 2**20


async def list_entries(connection: AsyncConnection, caller: Caller, query: Query) -> dict[str, Any]:
    """List a page of entries, newest first."""
    before = Page(query.limit, query.cursor).after(int)
    found = await repository.list_entries(
        connection, caller.site, query, before=before, limit=query.limit + 1
    )
    items = found[: query.limit]
    more = len(found) > query.limit
    return {"items": items, "next_cursor": cursor_of(items[-1].id) if more else None}


async def export(
    engine: AsyncEngine, caller: Caller, query: Query, first: list[Entry]
) -> AsyncIterator[bytes]:
    """Write all entries that there are now, the first of which were read already, newest first.

    No connection is kept while a client reads, however slow it is. What goes wrong on the way is raised, so
    that the answer ends before its end and nobody takes a part for the whole.
    """
    head, lines, _ = WRITTEN[query.format]
    if head:
        yield head
    entries = first
    while entries:
        yield lines(entries)
        # Entries are only ever added, with higher ids: the next piece goes on exactly where this one ends.
        async with engine.connect() as connection:
            entries = await _piece(connection, caller, query, entries[-1].id)


async def first_of(connection: AsyncConnection, caller: Caller, query: Query) -> list[Entry]:
    """Read what an export begins with."""
    return await _piece(connection, caller, query, None)


def media_type_of(written: Format) -> str:
    """Name the media type of an export."""
    return WRITTEN[written][2]


async def _piece(
    connection: AsyncConnection, caller: Caller, query: Query, before: int | None
) -> list[Entry]:
    return await repository.list_entries(
        connection, caller.site, query, before=before, limit=AT_ONCE, most_bytes=AT_ONCE_BYTES
    )
