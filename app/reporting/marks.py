"""Which visitors results have to be counted anew for: marked in the transaction that stores their records.

Who is erased is marked with all whom that concerns, where their rows go.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import asyncpg

from app.engine.records import Assignment, Event, Merge, Record, TraitsSet, Unmerge

_MARK = """
    INSERT INTO recount_marks (site_id, visitor)
    SELECT * FROM unnest($1::int[], $2::text[]) AS touched (site_id, visitor)
"""

Store = Callable[[], Awaitable[None]]


class Fold(Protocol):
    """What rests on stored records and moves with them, in the same transaction."""

    async def fold_in(self, connection: asyncpg.Connection, records: Sequence[Record], store: Store) -> None:
        """Take in records that are new; they are stored once `store` has been awaited."""
        ...

    async def settled(
        self, connection: asyncpg.Connection, records: Sequence[Record], said: Sequence[Record]
    ) -> Sequence[Record]:
        """Keep of unheard events what their visitors had agreed to."""
        ...


class Marking:
    """Another fold, and the marks beside it."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold

    async def settled(
        self, connection: asyncpg.Connection, records: Sequence[Record], said: Sequence[Record]
    ) -> Sequence[Record]:
        """Leave it to the fold what consent decides."""
        return await self._fold.settled(connection, records, said)

    async def fold_in(self, connection: asyncpg.Connection, records: Sequence[Record], store: Store) -> None:
        """Fold, and mark whom results may change for."""
        await self._fold.fold_in(connection, records, store)
        touched = list(dict.fromkeys(_touched(records)))
        if touched:
            await connection.execute(
                _MARK, [site for site, _ in touched], [visitor for _, visitor in touched]
            )


def _touched(records: Sequence[Record]) -> Iterable[tuple[int, str]]:
    for record in records:
        match record:
            # What is set may move a stage, and some metrics count that.
            case Assignment() | TraitsSet():
                yield record.site, record.visitor
            case Event() if not record.profile_only:
                yield record.site, record.visitor
            case Merge() | Unmerge():
                yield record.site, record.visitor
                yield record.site, record.into
            case _:
                pass
