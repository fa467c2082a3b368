"""The draft of a site: one row for each resource, read and replaced as one document."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.authors import note_author
from app.admin.difference import Difference, Resource, difference, document_of
from app.storage.tables import drafts, sites
from app.web.etag import etag_of
from app.web.keyring import Caller

_AT_ONCE = 100


class Draft:
    """A draft as it is stored."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    @cached_property
    def content(self) -> bytes:
        """The document as JSON, the same bytes until it changes."""
        return msgspec.json.encode(self.document)

    @property
    def etag(self) -> str:
        """The ETag of the whole document."""
        return etag_of(self.content)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self.document


async def lock_site(connection: AsyncConnection, site: int) -> None:
    """Let no other change of this site begin until this transaction ends."""
    await connection.execute(select(sites.c.id).where(sites.c.id == site).with_for_update(key_share=True))


async def load_draft(connection: AsyncConnection, site: int) -> Draft:
    """Read the draft; a site that never had one has an empty one."""
    query = select(drafts.c.kind, drafts.c.document).where(drafts.c.site_id == site)
    # In pieces, since to decode thousands of resources at once would take all the time of the event loop.
    found = await connection.stream(query.order_by(drafts.c.kind, drafts.c.position))
    by_kind: dict[str, list[Any]] = {}
    async for rows in found.partitions(_AT_ONCE):
        for kind, document in rows:
            by_kind.setdefault(kind, []).append(document)
    return Draft(document_of(by_kind))


async def replace_draft(
    connection: AsyncConnection, caller: Caller, before: Draft, document: Mapping[str, Any]
) -> Difference:
    """Make the draft equal to a document; what stays the same keeps its version. The site must be locked."""
    change = difference(before.document, document)
    await _delete(connection, caller.site, change.removed)
    await _insert(connection, caller.site, change.added)
    await _update(connection, caller.site, change)
    if change != Difference((), (), (), (), ()):
        await note_author(connection, caller)
    await write_audit(connection, caller, _entries(change))
    return change


_HERE = (
    drafts.c.site_id == bindparam("of_site"),
    drafts.c.kind == bindparam("of_kind"),
    drafts.c.key == bindparam("of_key"),
)


async def _delete(connection: AsyncConnection, site: int, resources: tuple[Resource, ...]) -> None:
    if resources:
        await connection.execute(
            delete(drafts).where(*_HERE), [_here(site, resource) for resource in resources]
        )


async def _insert(connection: AsyncConnection, site: int, resources: tuple[Resource, ...]) -> None:
    if resources:
        rows = [{"site_id": site, **msgspec.structs.asdict(resource)} for resource in resources]
        await connection.execute(insert(drafts), rows)


async def _update(connection: AsyncConnection, site: int, change: Difference) -> None:
    move = update(drafts).where(*_HERE).values(position=bindparam("to_position"))
    moved = [{**_here(site, resource), "to_position": resource.position} for resource in change.moved]
    if moved:
        await connection.execute(move, moved)
    rewrite = move.values(
        document=bindparam("to_document"), version=drafts.c.version + 1, updated_at=func.now()
    )
    rewritten = [
        {**_here(site, resource), "to_position": resource.position, "to_document": resource.document}
        for _, resource in change.changed
    ]
    if rewritten:
        await connection.execute(rewrite, rewritten)


def _here(site: int, resource: Resource) -> dict[str, Any]:
    return {"of_site": site, "of_kind": resource.kind, "of_key": resource.key}


def _entries(change: Difference) -> list[Entry]:
    return [
        *(Entry("removed", resource.name, before=resource.document) for resource in change.removed),
        *(Entry("added", resource.name, after=resource.document) for resource in change.added),
        *(Entry("changed", now.name, was.document, now.document) for was, now in change.changed),
    ]
