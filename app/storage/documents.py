"""Documents of revisions and drafts, read in pieces: a large one at once would hold up the event loop."""

from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

# What stands alone in a document; everything else is in lists.
SINGLES = frozenset({"site", "holdout"})

# To take so many resources and to decode them takes a quarter of a millisecond.
_AT_ONCE = 25

_PARTS = """
    SELECT field.key, jsonb_typeof(field.value) = 'array' AS is_list, item.value::text
    FROM ({stored}) AS stored
    CROSS JOIN LATERAL jsonb_each(stored.document) AS field
    LEFT JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(field.value) WHEN 'array' THEN field.value ELSE jsonb_build_array(field.value) END
    ) WITH ORDINALITY AS item (value, position) ON true
    ORDER BY field.key, item.position
"""
_OF_REVISION = _PARTS.format(stored="SELECT document FROM revisions WHERE site_id = $1 AND number = $2")
_OF_SCHEDULE = _PARTS.format(stored="SELECT document FROM scheduled_revisions WHERE id = $1")


async def load_document(connection: Connection, site: int, number: int) -> dict[str, Any]:
    """Read the document of a revision as plain JSON; the connection must be in a transaction."""
    return await _load(connection, _OF_REVISION, site, number)


async def load_scheduled(connection: Connection, schedule: UUID) -> dict[str, Any]:
    """Read the document that is to be published, as plain JSON; the connection must be in a transaction."""
    return await _load(connection, _OF_SCHEDULE, schedule)


async def _load(connection: Connection, parts: str, *which: object) -> dict[str, Any]:
    document: dict[str, Any] = {}
    async for field, is_list, text in connection.cursor(parts, *which, prefetch=_AT_ONCE):
        if not is_list:
            document[field] = msgspec.json.decode(text)
        elif text is not None:
            document.setdefault(field, []).append(msgspec.json.decode(text))
        else:
            document[field] = []
    return document


# Whatever is changed in a row, be it by removing it and adding it anew, changes its hash. No row is there
# twice, so that none hides another.
_DRAFT_STATE = """
    SELECT count(*) || ':' || coalesce(
        bit_xor(hash_record_extended(ROW(kind, key, position, version, updated_at), 0)), 0
    )
    FROM drafts WHERE site_id = $1
"""

_DRAFT_PARTS = "SELECT kind, document::text FROM drafts WHERE site_id = $1 ORDER BY kind, position, key"


async def state_of_draft(connection: Connection, site: int) -> str:
    """Name the state that a draft is in: another name for each, found without reading all of it."""
    state: str = await connection.fetchval(_DRAFT_STATE, site)
    return state


async def load_draft_document(connection: Connection, site: int) -> dict[str, Any]:
    """Read the document of a draft as plain JSON; the connection must be in a transaction."""
    document: dict[str, Any] = {}
    async for kind, text in connection.cursor(_DRAFT_PARTS, site, prefetch=_AT_ONCE):
        if kind in SINGLES:
            document[kind] = msgspec.json.decode(text)
        else:
            document.setdefault(kind, []).append(msgspec.json.decode(text))
    return document
