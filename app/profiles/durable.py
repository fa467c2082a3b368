"""The durable copies in PostgreSQL: read where the cache knows nothing, folded by the shipper."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

import asyncpg

from app.engine.profile import Profile
from app.engine.records import Erase, Merge, Record, Unmerge, is_for_profiles
from app.engine.ruleset import Ruleset
from app.kit.breaker import Breaker
from app.kit.clock import instant_of
from app.kit.coalesced import Coalesced
from app.profiles.codec import encode_profile, readable_profile
from app.profiles.erase import erase
from app.profiles.late import gone_over, keep_first_seen, merged_behind, set_behind, whose
from app.profiles.refold import refold, traits_anew
from app.profiles.settle import settle
from app.profiles.together import Moved, ProfileKey, fold_together, keys_of, moved_by

# One look into the index for each, whatever the planner last heard of the table's size: what it plans for a
# join while the table is small is a scan of it all, and that plan would outlive the smallness.
_FIND = """
    SELECT wanted.site_id, wanted.visitor, found.body
    FROM unnest($1::int[], $2::text[]) AS wanted (site_id, visitor), LATERAL (
        SELECT body FROM profiles
        WHERE profiles.site_id = wanted.site_id AND profiles.visitor = wanted.visitor LIMIT 1
    ) AS found
"""
# Locks each row until the transaction ends, so that no two shippers fold into the same copy. The order is
# fixed, so that they never wait for each other in a circle.
_LOCK = """
    SELECT held.site_id, held.visitor, held.body
    FROM (
        SELECT * FROM unnest($1::int[], $2::text[]) AS touched (site_id, visitor) ORDER BY site_id, visitor
    ) AS wanted, LATERAL (
        SELECT * FROM profiles
        WHERE profiles.site_id = wanted.site_id AND profiles.visitor = wanted.visitor LIMIT 1 FOR UPDATE
    ) AS held
"""
# What is not there yet is made, and locked by that. Where somebody else was quicker to make it, it is written
# as it is, which locks it too.
_MAKE = """
    INSERT INTO profiles (site_id, visitor, body)
    SELECT site_id, visitor, '' FROM unnest($1::int[], $2::text[]) AS touched (site_id, visitor)
    ORDER BY site_id, visitor
    ON CONFLICT (site_id, visitor) DO UPDATE SET visitor = excluded.visitor
    RETURNING site_id, visitor, body
"""
_LATELY = "SELECT site_id, visitor FROM profiles WHERE updated_at > now() - $1::interval"
_STORE = """
    UPDATE profiles SET body = folded.body, updated_at = now()
    FROM unnest($1::int[], $2::text[], $3::bytea[]) AS folded (site_id, visitor, body)
    WHERE profiles.site_id = folded.site_id AND profiles.visitor = folded.visitor
"""
_DROP = """
    DELETE FROM profiles USING unnest($1::int[], $2::text[]) AS gone (site_id, visitor)
    WHERE profiles.site_id = gone.site_id AND profiles.visitor = gone.visitor
"""
_TELL = """
    INSERT INTO stage_moves (site_id, id, visitor, journey, came_from, stage, because, revision, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""

# Decisions give up long before.
_READ_S = 1.0


Folded: TypeAlias = Callable[[Iterable[ProfileKey]], None]
"""Hears which copies records are about to be folded into."""

Store: TypeAlias = Callable[[], Awaitable[None]]
"""Stores the records that are folded in."""


def _tell_nobody(_keys: Iterable[ProfileKey]) -> None:
    pass


async def nothing_to_store() -> None:
    """Do nothing, since the records are stored."""


class DurableProfiles:
    """Profiles in PostgreSQL."""

    def __init__(
        self, pool: asyncpg.Pool, ruleset_of: Callable[[int], Ruleset | None], folded: Folded = _tell_nobody
    ) -> None:
        self._pool = pool
        self._ruleset_of = ruleset_of
        self._folded = folded
        # New visitors come in crowds, and each of them is looked for here first.
        self._reads = Coalesced(self._read, within_s=_READ_S, breaker=Breaker())

    async def find(self, site: int, visitor: str) -> Profile | None:
        """Read the durable copy; None for a stranger. Raises asyncpg's errors, OSError, TimeoutError."""
        return readable_profile((await self._reads.find_many([(site, visitor)]))[0])

    async def folded_lately(self, within_s: float) -> list[ProfileKey]:
        """List the copies that records were folded into not long ago."""
        rows = await self._pool.fetch(_LATELY, timedelta(seconds=within_s))
        return [(row["site_id"], row["visitor"]) for row in rows]

    async def _read(self, keys: Sequence[ProfileKey]) -> dict[ProfileKey, bytes]:
        rows = await self._pool.fetch(_FIND, [site for site, _ in keys], [visitor for _, visitor in keys])
        return {(row["site_id"], row["visitor"]): row["body"] for row in rows}

    async def fold_in(
        self, connection: asyncpg.Connection, records: Sequence[Record], store: Store = nothing_to_store
    ) -> None:
        """Fold records that are new into the copies they touch, inside the caller's transaction.

        They are stored by then, or by `store`, which is called once: what was merged is folded anew from
        there where that is undone.
        """
        if any(isinstance(record, Erase | Merge) for record in records):
            # A tombstone takes what stands before it from the tables, so that has to be there. A merge may
            # have been overtaken by one.
            await store()
            store = nothing_to_store
        erased = await erase(connection, records)
        in_order = sorted(filter(is_for_profiles, erased.spared(records)), key=lambda record: record.at_ms)
        touched = dict.fromkeys(key for record in in_order for key in keys_of(record))
        profiles = await self._hold(connection, list(touched | dict.fromkeys(erased.anew)))
        merges = await gone_over(connection, profiles, in_order)
        if merges:
            keep_first_seen(profiles, in_order, merges)
            in_order = [one for record in in_order for one in whose(record, merges)]
            owners = {key for record in in_order for key in keys_of(record)} - profiles.keys()
            profiles |= await self._hold(connection, list(owners))
        # Told even where this comes to nothing: what is stored already may be in the cache twice.
        self._folded(profiles)
        behind, parted = set_behind(profiles, in_order), merged_behind(profiles, in_order)
        moves = await self._fold_while(store(), profiles, in_order)
        for key in behind:
            profiles[key].traits, profiles[key].traits_ms = await traits_anew(connection, *key)
        moves = [moved for moved in moves if (moved.site, moved.visitor) not in erased.until_ms]
        undone = [record for record in in_order if isinstance(record, Unmerge)]
        for key in erased.anew | parted | {key for unmerge in undone for key in keys_of(unmerge)}:
            # What a merge has put together cannot be told apart again: only the records can say whose it was.
            ruleset = self._ruleset_of(key[0])
            profiles[key], again = await refold(connection, *key, ruleset)
            moves += moved_by(key, again, ruleset) if key in erased.until_ms else []
        await self._store(connection, profiles)
        await self._drop(connection, [key for key in erased.until_ms if profiles[key] == Profile()])
        await self._tell(connection, moves)

    async def settled(
        self, connection: asyncpg.Connection, records: Sequence[Record], said: Sequence[Record]
    ) -> Sequence[Record]:
        """Keep of unheard events what their visitors had agreed to, inside the caller's transaction."""
        return await settle(connection, records, said)

    async def _fold_while(
        self, storing: Awaitable[None], profiles: dict[ProfileKey, Profile], records: Sequence[Record]
    ) -> list[Moved]:
        """Fold in a thread, since PostgreSQL and this process are both busy for long; neither waits."""
        folding = asyncio.create_task(asyncio.to_thread(fold_together, profiles, records, self._ruleset_of))
        try:
            await storing
        finally:
            moves = await folding
        return moves

    async def _hold(
        self, connection: asyncpg.Connection, keys: Sequence[ProfileKey]
    ) -> dict[ProfileKey, Profile]:
        bodies = await self._bodies(connection, _LOCK, keys)
        missing = [key for key in keys if key not in bodies]
        if missing:
            bodies |= await self._bodies(connection, _MAKE, missing)
        return {key: readable_profile(body) or Profile() for key, body in bodies.items()}

    async def _bodies(
        self, connection: asyncpg.Connection, query: str, keys: Sequence[ProfileKey]
    ) -> dict[ProfileKey, bytes]:
        rows = await connection.fetch(query, [site for site, _ in keys], [visitor for _, visitor in keys])
        return {(site, visitor): body for site, visitor, body in rows}

    async def _store(self, connection: asyncpg.Connection, profiles: Mapping[ProfileKey, Profile]) -> None:
        bodies = [encode_profile(profile) for profile in profiles.values()]
        sites, visitors = [site for site, _ in profiles], [visitor for _, visitor in profiles]
        await connection.execute(_STORE, sites, visitors, bodies)

    async def _drop(self, connection: asyncpg.Connection, keys: Sequence[ProfileKey]) -> None:
        if keys:
            await connection.execute(_DROP, [site for site, _ in keys], [visitor for _, visitor in keys])

    async def _tell(self, connection: asyncpg.Connection, moves: Sequence[Moved]) -> None:
        """Write the changes of stage down, each under an id that follows from its cause."""
        if not moves:
            return
        await connection.executemany(_TELL, [_row_of(moved) for moved in moves])


def _row_of(moved: Moved) -> tuple[object, ...]:
    move, at = moved.move, instant_of(moved.move.at_ms)
    where = (move.journey, move.came_from, move.stage, move.because)
    return moved.site, moved.id, moved.visitor, *where, moved.revision, at
