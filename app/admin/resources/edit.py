"""One change of one resource: locked, written and in the audit, all in the caller's transaction."""

from typing import Self, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.authors import note_author
from app.admin.draft import share_site
from app.admin.parts import MOST
from app.admin.resources.address import Address
from app.admin.resources.repository import Document, Row
from app.admin.resources.variants import InPlacement
from app.web.keyring import Caller
from app.web.problems import ConflictError

Stored: TypeAlias = Row | InPlacement


def stored_at(connection: AsyncConnection, at: Address) -> Stored:
    """Tell how the resource at an address is stored."""
    return InPlacement(connection, at) if at.kind.is_inside else Row(connection, at)


class Edit:
    """A resource that nobody else changes until the transaction ends; who changes another goes on meanwhile.

    `before` is what it was, None where it is not there.
    """

    def __init__(self, connection: AsyncConnection, caller: Caller, at: Address) -> None:
        self.before: Document | None = None
        self._connection = connection
        self._caller = caller
        self._at = at
        self._stored = stored_at(connection, at)

    @classmethod
    async def begin(cls, connection: AsyncConnection, caller: Caller, at: Address) -> Self:
        """Lock the resource, and read it."""
        await share_site(connection, caller.site)
        edit = cls(connection, caller, at)
        edit.before = await edit._stored.lock()
        return edit

    async def add(self, document: Document) -> Document | None:
        """Make the resource, which was not there, and give it as stored; None if it is there by now.

        Raises:
            ConflictError: there are as many of its kind as there can be.

        """
        most = MOST.get(self._at.kind.name)
        if most is not None and await self._stored.count() >= most:
            told = f"there are {most:,} {self._at.kind.name} already, and that is the most there can be"
            raise ConflictError(told)
        after = await self._stored.add(document)
        if after is not None:
            await self._note(Entry("added", self._at.name, after=after))
        return after

    async def replace(self, document: Document) -> Document:
        """Make the resource, which is there, equal to a document, and give it as stored."""
        if self.before is not None and _says(document) == _says(self.before):
            return self.before
        after = await self._stored.replace(document)
        await self._note(Entry("changed", self._at.name, self.before, after))
        return after

    async def remove(self) -> None:
        """Delete the resource, which is there."""
        await self._stored.remove()
        await self._note(Entry("removed", self._at.name, before=self.before))

    async def _note(self, entry: Entry) -> None:
        await note_author(self._connection, self._caller)
        await write_audit(self._connection, self._caller, [entry])


def _says(document: Document) -> bytes:
    # To the type: in JSON, unlike in Python, 1 is not true.
    return msgspec.json.encode(document, order="deterministic")
