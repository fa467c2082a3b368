"""A profile folded anew from PostgreSQL: what it would be, had a merge that was undone never been."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from app.engine.profile import Profile
from app.engine.records import Record
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold
from app.profiles.merge import left_behind
from app.profiles.sources import Sources, sources_of

# Every record as its JSON, so that one decoder reads them all. Of assignments, a profile keeps no more than
# the first of each experiment.
_RECORDS = """
    SELECT record FROM (
        SELECT at, id, convert_to(json_build_object(
            'kind', 'event', 'site', site_id, 'visitor', visitor, 'id', id, 'name', name,
            'properties', properties, 'at_ms', floor(extract(epoch FROM at) * 1000)::bigint,
            'received_ms', floor(extract(epoch FROM received_at) * 1000)::bigint
        )::text, 'UTF8') AS record
        FROM events WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND NOT results_only
        UNION ALL (
            SELECT DISTINCT ON (visitor, experiment) at, decision_id::text, convert_to(json_build_object(
                'kind', 'assignment', 'site', site_id, 'visitor', visitor, 'decision_id', decision_id,
                'experiment', experiment, 'unit', unit, 'arm', arm, 'phase', phase, 'revision', revision,
                'first', first, 'stage', stage, 'stages', stages, 'segments', segments, 'device', device,
                'country', country, 'at_ms', floor(extract(epoch FROM at) * 1000)::bigint
            )::text, 'UTF8')
            FROM assignments WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND NOT results_only
            ORDER BY visitor, experiment, at, decision_id
        )
        UNION ALL
        SELECT at, id::text, record FROM profile_changes WHERE site_id = $1 AND visitor = ANY ($2::text[])
    ) AS stored ORDER BY at, id COLLATE "C"
"""
# Between two slices others have their turn.
_SLICE = 100

_decoder = msgspec.json.Decoder(Record)


async def refold(connection: asyncpg.Connection, site: int, visitor: str, ruleset: Ruleset | None) -> Profile:
    """Fold all that is stored of a profile, inside the caller's transaction."""
    sources = await sources_of(connection, site, visitor)
    profile, left = Profile(), sources.left
    async for record in _records(connection, site, sources):
        if left is not None and record.at_ms > left.at_ms:
            profile, left = left_behind(profile, left.into), None
        profile = fold(profile, (record,), ruleset)
    return profile if left is None else left_behind(profile, left.into)


async def _records(connection: asyncpg.Connection, site: int, sources: Sources) -> AsyncIterator[Record]:
    async for row in connection.cursor(_RECORDS, site, list(sources.until_ms), prefetch=_SLICE):
        record = _decoder.decode(row["record"])
        if sources.hold(record.visitor, record.at_ms):
            yield record
