"""Logged decisions read back, the latest of each visitor, newest first."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from app.decision.inputs import Basis, decode_basis

BATCH = 250
# Of a site with few visitors who come all the time no more is read than this.
DECISIONS_PER_VISITOR = 100

# Each page is a query of its own: one cursor over all would keep a partition from being dropped for as long
# as it is open. The bound on `at` alone is what leaves partitions out.
_PAGE = """
    SELECT id, at, visitor, asked FROM decisions
    WHERE site_id = $1 AND at <= $2 AND (at, id) < ($2, $3)
    ORDER BY at DESC, id DESC LIMIT $4
"""
_LAST_ID = UUID(int=2**128 - 1)


class Logged(msgspec.Struct, frozen=True):
    """A decision as it was logged; `basis` is only of the placements in question."""

    decision_id: str
    basis: Basis


class LoggedVisitors:
    """The latest decision of each of the last visitors; with `placements`, of those that asked for any."""

    def __init__(
        self, pool: asyncpg.Pool, site: int, *, visitors: int, until: datetime, placements: Sequence[str] = ()
    ) -> None:
        self._pool = pool
        self._site = site
        self._wanted = visitors
        self._until = until
        self._placements = frozenset(placements)
        self._known: set[str] = set()
        self.decisions = 0
        self.unreadable = 0
        self.since: datetime | None = None

    @property
    def share(self) -> float:
        """How much of what may be read was read."""
        read = self.decisions / (self._wanted * DECISIONS_PER_VISITOR)
        return max(read, len(self._known) / self._wanted)

    async def batches(self) -> AsyncIterator[list[Logged]]:
        """Read batch after batch, until there are enough visitors or no more decisions."""
        at, last = self._until, _LAST_ID
        while self.share < 1:
            page = await self._pool.fetch(_PAGE, self._site, at, last, BATCH)
            yield [logged for row in page if (logged := self._looked_at(row)) is not None]
            if len(page) < BATCH:
                return
            at, last = page[-1]["at"], page[-1]["id"]

    def _looked_at(self, row: asyncpg.Record) -> Logged | None:
        if self.share >= 1:
            return None
        self.decisions += 1
        self.since = row["at"]
        if row["visitor"] in self._known:
            return None
        basis = self._readable(row["asked"])
        if basis is None or not basis.placements:
            return None
        self._known.add(row["visitor"])
        return Logged(str(row["id"]), basis)

    def _readable(self, asked: bytes) -> Basis | None:
        try:
            basis = decode_basis(asked)
        except (msgspec.DecodeError, ValueError, RecursionError):
            self.unreadable += 1
            return None
        if not self._placements:
            return basis
        placements = tuple(place for place in basis.placements if place in self._placements)
        return msgspec.structs.replace(basis, placements=placements)
