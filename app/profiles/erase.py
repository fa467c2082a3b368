"""How all that is stored of a visitor goes: the rows, and what others have of them."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.engine.records import Erase, Merge, Record, Unmerge, arrived_ms
from app.kit.clock import instant_of, ms_of, now
from app.profiles.sources import gathered, merges_around, standing
from app.profiles.together import ProfileKey

# What an event says of itself may be long before it came. What was told of stages rests on all that goes.
_GONE = (
    (
        "DELETE FROM events"
        " WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND (received_at <= $3 OR received_at > $4)"
    ),
    "DELETE FROM assignments WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND (at <= $3 OR at > $4)",
    "DELETE FROM decisions WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND (at <= $3 OR at > $4)",
    "DELETE FROM profile_changes WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND (at <= $3 OR at > $4)",
)
_MOVES_GONE = "DELETE FROM stage_moves WHERE site_id = $1 AND visitor = ANY ($2::text[])"
_NOTE = """
    INSERT INTO erasures (site_id, id, visitor, erased, at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
"""
# What was counted of them may rest on rows that are gone for their age: nothing of it may stay.
_MARK = """
    INSERT INTO recount_marks (site_id, visitor, erased) SELECT $1, unnest($2::text[]), true
"""
_OVERTOOK = """
    SELECT id, at FROM erasures
    WHERE site_id = $1 AND visitor = $2 AND erased AND at >= $3 ORDER BY at
"""
# No host's clock is that far ahead: what stands later was decided as of an instant that is yet to come.
_AHEAD_MS = 300_000


class Erased(NamedTuple):
    """Up to which instant the records of whom are gone, and whose profiles must be folded anew for that.

    What stands so far ahead of both that instant and now came before as well: it is gone, too.
    """

    until_ms: Mapping[ProfileKey, int]
    anew: AbstractSet[ProfileKey]
    now_ms: int

    def spared(self, records: Sequence[Record]) -> list[Record]:
        """Leave out the records that are gone."""
        if not self.until_ms:
            return list(records)
        return [record for record in records if not self._has(record)]

    def _has(self, record: Record) -> bool:
        until_ms = self.until_ms.get((record.site, record.visitor))
        return until_ms is not None and not until_ms < arrived_ms(record) <= _ahead_of(until_ms, self.now_ms)


async def erase(connection: asyncpg.Connection, records: Sequence[Record]) -> Erased:
    """Delete what the tombstones among these records ask for, inside the caller's transaction.

    The records are stored by then. With a user go the devices that were merged into that user at that
    instant; what a device had brought to a user is folded out of that user's profile again.
    """
    now_ms = ms_of(now())
    until_ms: dict[ProfileKey, int] = {}
    anew: set[ProfileKey] = set()
    for tombstone in [*_told(records), *await _overtaken(connection, records)]:
        site, at_ms = tombstone.site, tombstone.at_ms
        gone, owners = await _concerned(connection, tombstone)
        await _delete(connection, tombstone, gone, owners - gone, now_ms)
        until_ms |= {(site, one): max(at_ms, until_ms.get((site, one), at_ms)) for one in gone}
        anew |= {(site, one) for one in gone | owners}
    return Erased(until_ms, anew, now_ms)


def _ahead_of(tombstone_ms: int, now_ms: int) -> int:
    return max(tombstone_ms, now_ms) + _AHEAD_MS


def _told(records: Sequence[Record]) -> list[Erase]:
    return [record for record in records if isinstance(record, Erase)]


async def _overtaken(connection: asyncpg.Connection, records: Sequence[Record]) -> list[Erase]:
    """Find the tombstones of users that were stored before a merge that stands in front of them."""
    found: list[Erase] = []
    for merge in records:
        if isinstance(merge, Merge):
            rows = await connection.fetch(_OVERTOOK, merge.site, merge.into, instant_of(merge.at_ms))
            found += [Erase(merge.site, merge.into, str(row["id"]), ms_of(row["at"])) for row in rows]
    return found


async def _concerned(connection: asyncpg.Connection, tombstone: Erase) -> tuple[set[str], set[str]]:
    """Tell whose records go, and which profiles have, or had at that instant, taken over some of them."""
    changes = await merges_around(connection, tombstone.site, [tombstone.visitor])
    until_then = [change for change in changes if change.at_ms <= tombstone.at_ms]
    gone = set(gathered(tombstone.visitor, until_then).until_ms)
    stand = [_standing_of(one, some) for one in gone for some in (until_then, changes)]
    return gone, {merge.into for merge in stand if merge is not None}


def _standing_of(visitor: str, changes: Sequence[Merge | Unmerge]) -> Merge | None:
    return standing(change for change in changes if change.visitor == visitor)


async def _delete(
    connection: asyncpg.Connection,
    tombstone: Erase,
    gone: AbstractSet[str],
    owners: AbstractSet[str],
    now_ms: int,
) -> None:
    site, at = tombstone.site, instant_of(tombstone.at_ms)
    for statement in _GONE:
        await connection.execute(
            statement, site, list(gone), at, instant_of(_ahead_of(tombstone.at_ms, now_ms))
        )
    await connection.execute(_MOVES_GONE, site, list(gone))
    concerned = [*((one, True) for one in gone), *((one, False) for one in owners)]
    id_ = UUID(tombstone.id)
    await connection.executemany(_NOTE, [(site, id_, one, erased, at) for one, erased in concerned])
    await connection.execute(_MARK, site, [one for one, _ in concerned])
