"""The durable copies in PostgreSQL: read where the cache knows nothing, folded by the shipper."""

from collections.abc import Callable, Sequence

import asyncpg

from app.engine.profile import Profile
from app.engine.records import Record
from app.engine.ruleset import Ruleset
from app.kit.coalesced import Coalesced
from app.profiles.codec import encode_profile, readable_profile
from app.profiles.fold import fold

# One look into the index for each, whatever the planner last heard of the table's size: what it plans for a
# join while the table is small is a scan of it all, and that plan would outlive the smallness.
_FIND = """
    SELECT wanted.site_id, wanted.visitor, found.body
    FROM unnest($1::int[], $2::text[]) AS wanted (site_id, visitor), LATERAL (
        SELECT body FROM profiles
        WHERE profiles.site_id = wanted.site_id AND profiles.visitor = wanted.visitor LIMIT 1
    ) AS found
"""
# A row that is there is written as it is: that locks it until the transaction ends, and a new one is locked
# as well, so that no two shippers fold into the same copy. The order is fixed, so that they never wait for
# each other in a circle.
_HOLD = """
    INSERT INTO profiles (site_id, visitor, body)
    SELECT site_id, visitor, '' FROM unnest($1::int[], $2::text[]) AS touched (site_id, visitor)
    ORDER BY site_id, visitor
    ON CONFLICT (site_id, visitor) DO UPDATE SET visitor = excluded.visitor
    RETURNING site_id, visitor, body
"""
_STORE = """
    UPDATE profiles SET body = folded.body, updated_at = now()
    FROM unnest($1::int[], $2::text[], $3::bytea[]) AS folded (site_id, visitor, body)
    WHERE profiles.site_id = folded.site_id AND profiles.visitor = folded.visitor
"""

# Decisions give up long before.
_READ_S = 1.0

_Key = tuple[int, str]


class DurableProfiles:
    """Profiles in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool, ruleset_of: Callable[[int], Ruleset | None]) -> None:
        self._pool = pool
        self._ruleset_of = ruleset_of
        # New visitors come in crowds, and each of them is looked for here first.
        self._reads = Coalesced(self._read, within_s=_READ_S)

    async def find(self, site: int, visitor: str) -> Profile | None:
        """Read the durable copy; None for a stranger. Raises asyncpg's errors, OSError, TimeoutError."""
        return readable_profile((await self._reads.find_many([(site, visitor)]))[0])

    async def _read(self, keys: Sequence[_Key]) -> dict[_Key, bytes]:
        rows = await self._pool.fetch(_FIND, [site for site, _ in keys], [visitor for _, visitor in keys])
        return {(row["site_id"], row["visitor"]): row["body"] for row in rows}

    async def fold_in(self, connection: asyncpg.Connection, records: Sequence[Record]) -> None:
        """Fold records that are new into the copies they touch, inside the caller's transaction."""
        by_visitor: dict[_Key, list[Record]] = {}
        for record in records:
            if not record.results_only:
                by_visitor.setdefault((record.site, record.visitor), []).append(record)
        sites, visitors = [site for site, _ in by_visitor], [visitor for _, visitor in by_visitor]
        rows = await connection.fetch(_HOLD, sites, visitors)
        stored = {(row["site_id"], row["visitor"]): row["body"] for row in rows}
        bodies = [self._folded(stored[key], key[0], touching) for key, touching in by_visitor.items()]
        await connection.execute(_STORE, sites, visitors, bodies)

    def _folded(self, body: bytes, site: int, records: Sequence[Record]) -> bytes:
        profile = readable_profile(body) or Profile()
        in_order = sorted(records, key=lambda record: record.at_ms)
        return encode_profile(fold(profile, in_order, self._ruleset_of(site)))
