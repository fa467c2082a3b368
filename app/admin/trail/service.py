"""Entries of the audit in pages, or all of them piece by piece."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.admin.trail import repository
from app.admin.trail.lines import WRITTEN
from app.admin.trail.repository import Entry
from app.admin.trail.schemas import AuditFormat, Query
from app.web.keyring import Caller
from app.web.paging import Page, cursor_of

# What of an export is in memory at once: so many entries, fewer where their documents have so many bytes.
AT_ONCE, AT_ONCE_BYTES = 200, 2**20


class _Last(msgspec.Struct, frozen=True):
    """The entry that a page has ended with; there may be more of them than a plain integer counts."""

    id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


async def list_entries(connection: AsyncConnection, caller: Caller, query: Query) -> dict[str, Any]:
    """List a page of entries, newest first."""
    last = Page(query.limit, query.cursor).after(_Last)
    found = await repository.list_entries(
        connection, caller.site, query, before=None if last is None else last.id, limit=query.limit + 1
    )
    items = found[: query.limit]
    more = len(found) > query.limit
    return {"items": items, "next_cursor": cursor_of(_Last(items[-1].id)) if more else None}


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


def media_type_of(written: AuditFormat) -> str:
    """Name the media type of an export."""
    return WRITTEN[written][2]


async def _piece(
    connection: AsyncConnection, caller: Caller, query: Query, before: int | None
) -> list[Entry]:
    return await repository.list_entries(
        connection, caller.site, query, before=before, limit=AT_ONCE, most_bytes=AT_ONCE_BYTES
    )
