"""Variants as they are stored: in the row of their placement."""

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.resources.address import Address
from app.admin.resources.kinds import PLACEMENTS
from app.admin.resources.repository import Document, Row
from app.web.problems import NotFoundError


class InPlacement:
    """One variant of a placement, which is there or not; whose placement is not there cannot be either."""

    def __init__(self, connection: AsyncConnection, at: Address) -> None:
        self._at = at
        self._row = Row(connection, Address(at.site, PLACEMENTS, at.placement or ""))
        self._placement: Document = {}

    async def find(self) -> Document | None:
        """Read the variant; raises NotFoundError where there is no such placement."""
        return self._in(await self._row.find())

    async def lock(self) -> Document | None:
        """Read the variant, and let nobody else change its placement until this transaction ends."""
        return self._in(await self._row.lock())

    async def count(self) -> int:
        """Count the variants of the placement, which was read."""
        return len(self._variants)

    async def add(self, document: Document) -> Document | None:
        """Put the variant behind the others of the placement, which is locked, and give it as stored."""
        return await self._keep([*self._variants, document])

    async def replace(self, document: Document) -> Document:
        """Make the variant, whose placement is locked, equal to a document, and give it as stored."""
        kept = await self._keep([document if self._is_it(each) else each for each in self._variants])
        return kept or document

    async def remove(self) -> None:
        """Take the variant out of its placement, which is locked."""
        await self._keep([each for each in self._variants if not self._is_it(each)])

    @property
    def _variants(self) -> list[Document]:
        variants: list[Document] = self._placement.get("variants", [])
        return variants

    async def _keep(self, variants: list[Document]) -> Document | None:
        return self._in(await self._row.replace({**self._placement, "variants": variants}))

    def _in(self, placement: Document | None) -> Document | None:
        if placement is None:
            raise NotFoundError(f"there is no placement {self._at.placement!r}")
        self._placement = placement
        return next(filter(self._is_it, self._variants), None)

    def _is_it(self, variant: Document) -> bool:
        return bool(variant["key"] == self._at.key)
