"""Records read back from PostgreSQL, in the order in which profiles are the fold of them."""

from collections.abc import AsyncIterator, Collection

import asyncpg
import msgspec

from app.engine.records import Event, ProfileChange, Record

# Every record as its JSON, so that one decoder reads them all.
_EVENTS = """
    SELECT at, id, visitor, convert_to(json_build_object(
        'kind', 'event', 'site', site_id, 'visitor', visitor, 'id', id, 'name', name,
        'properties', properties, 'at_ms', floor(extract(epoch FROM at) * 1000)::bigint,
        'received_ms', floor(extract(epoch FROM received_at) * 1000)::bigint, 'profile_only', profile_only
    )::text, 'UTF8') AS record
    FROM events WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND NOT results_only
"""
# A profile keeps no more than the first of each experiment.
_ASSIGNMENTS = """
    SELECT DISTINCT ON (visitor, experiment) at, decision_id::text, visitor, convert_to(json_build_object(
        'kind', 'assignment', 'site', site_id, 'visitor', visitor, 'decision_id', decision_id,
        'experiment', experiment, 'unit', unit, 'arm', arm, 'phase', phase, 'revision', revision,
        'first', first, 'stage', stage, 'stages', stages, 'segments', segments, 'device', device,
        'country', country, 'at_ms', floor(extract(epoch FROM at) * 1000)::bigint
    )::text, 'UTF8')
    FROM assignments WHERE site_id = $1 AND visitor = ANY ($2::text[]) AND NOT results_only
    ORDER BY visitor, experiment, at, decision_id
"""
_CHANGES = """
    SELECT at, id::text, visitor, record FROM profile_changes
    WHERE site_id = $1 AND visitor = ANY ($2::text[])
"""
# As `order_of` has it; two visitors who are one user by now may have used one id at one instant.
_IN_ORDER = 'SELECT record FROM ({}) AS stored ORDER BY at, id COLLATE "C", visitor COLLATE "C"'
_CHANGES_IN_ORDER = _IN_ORDER.format(_CHANGES)
_ALL = _IN_ORDER.format(f"{_EVENTS} UNION ALL ({_ASSIGNMENTS}) UNION ALL {_CHANGES}")
_NAMED = _IN_ORDER.format(f"{_EVENTS} AND name = ANY ($3::text[])")

# So few that they are folded before anybody else waits long for their turn, however many there are in all.
_SLICE = 100

_record = msgspec.json.Decoder(Record)
_change = msgspec.json.Decoder(ProfileChange)
_event = msgspec.json.Decoder(Event)


async def stored_records(
    connection: asyncpg.Connection, site: int, visitors: Collection[str]
) -> AsyncIterator[Record]:
    """Read what profiles of these visitors rest on, slice by slice, inside the caller's transaction."""
    async for row in connection.cursor(_ALL, site, list(visitors), prefetch=_SLICE):
        yield _record.decode(row["record"])


async def stored_changes(
    connection: asyncpg.Connection, site: int, visitors: Collection[str]
) -> AsyncIterator[ProfileChange]:
    """Read what was said, set, delivered and merged of these visitors likewise."""
    async for row in connection.cursor(_CHANGES_IN_ORDER, site, list(visitors), prefetch=_SLICE):
        yield _change.decode(row["record"])


async def stored_events(
    connection: asyncpg.Connection, site: int, visitors: Collection[str], names: Collection[str]
) -> AsyncIterator[Event]:
    """Read the events of some names likewise."""
    async for row in connection.cursor(_NAMED, site, list(visitors), list(names), prefetch=_SLICE):
        yield _event.decode(row["record"])
