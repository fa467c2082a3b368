"""Resources as they are stored: each in a row of its own, and none but that row is written."""

from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.resources.address import Address
from app.storage.tables import drafts

Document = dict[str, Any]


class Row:
    """One resource in its row, which is there or not."""

    def __init__(self, connection: AsyncConnection, at: Address) -> None:
        self._connection = connection
        self._at = at
        self._of_kind = (drafts.c.site_id == at.site, drafts.c.kind == at.kind.name)
        self._here = (*self._of_kind, drafts.c.key == at.key)

    async def find(self) -> Document | None:
        """Read the resource."""
        return await self._document(select(drafts.c.document).where(*self._here))

    async def lock(self) -> Document | None:
        """Read the resource, and let nobody else change it until this transaction ends."""
        return await self._document(select(drafts.c.document).where(*self._here).with_for_update())

    async def count(self) -> int:
        """Count the resources of its kind."""
        counted = await self._connection.execute(
            select(func.count()).select_from(drafts).where(*self._of_kind)
        )
        number: int = counted.scalar_one()
        return number

    async def add(self, document: Document) -> Document | None:
        """Put the resource behind the last of its kind, and give it as stored; None if it is there by now."""
        last = select(func.coalesce(func.max(drafts.c.position) + 1, 0)).where(*self._of_kind)
        row = {
            "site_id": self._at.site,
            "kind": self._at.kind.name,
            "key": self._at.key,
            "document": document,
        }
        added = insert(drafts).values(**row, position=last.scalar_subquery()).on_conflict_do_nothing()
        done = await self._connection.execute(added.returning(drafts.c.document))
        stored: Document | None = done.scalar_one_or_none()
        return stored

    async def replace(self, document: Document) -> Document:
        """Make the resource, which is locked, equal to a document, and give it as stored."""
        values = {"document": document, "version": drafts.c.version + 1, "updated_at": func.now()}
        replaced = update(drafts).where(*self._here).values(values).returning(drafts.c.document)
        stored: Document = (await self._connection.execute(replaced)).scalar_one()
        return stored

    async def remove(self) -> None:
        """Delete the resource."""
        await self._connection.execute(delete(drafts).where(*self._here))

    async def _document(self, query: Select[tuple[Any]]) -> Document | None:
        document: Document | None = (await self._connection.execute(query)).scalar_one_or_none()
        return document
