"""Which visitors are one user by now, as far as SQL alone cannot tell."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import asyncpg
import msgspec

from app.engine.records import Merge, Unmerge
from app.profiles.sources import standing
from app.storage.postgres import LONG_S

_HAS_MERGES = 'SELECT EXISTS (SELECT FROM profile_changes WHERE site_id = $1 AND "into" IS NOT NULL)'
_UNDONE = """
    SELECT record FROM profile_changes
    WHERE site_id = $1 AND "into" IS NOT NULL AND visitor IN (
        SELECT visitor FROM profile_changes
        WHERE site_id = $1 AND "into" IS NOT NULL AND ($2::text[] IS NULL OR visitor = ANY ($2))
          AND convert_from(record, 'UTF8')::json ->> 'kind' = 'unmerge'
    )
    ORDER BY visitor, at, id
"""
_decoder = msgspec.json.Decoder(Merge | Unmerge)


class Merged(msgspec.Struct, frozen=True):
    """The visitors of whom a merge was ever undone, and in the same places who owns them now, if anybody.

    Of all the others the first merge stands.
    """

    undone: list[str]
    owners: list[str | None]


async def find_merged(
    connection: asyncpg.Connection, site_id: int, some: Sequence[str] | None = None
) -> Merged | None:
    """Find out about a site's merges, or those of `some` visitors alone; None where the site has none."""
    if not await connection.fetchval(_HAS_MERGES, site_id):
        return None
    rows = await connection.fetch(_UNDONE, site_id, some, timeout=LONG_S)
    changes = [_decoder.decode(row["record"]) for row in rows]
    found = {visitor: standing(of_visitor) for visitor, of_visitor in groupby(changes, attrgetter("visitor"))}
    return Merged(list(found), [None if merge is None else merge.into for merge in found.values()])
