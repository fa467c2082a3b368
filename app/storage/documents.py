"""Documents of revisions, read in pieces: a large one at once would take all the time of the event loop."""

from typing import Any, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

# To decode so many resources takes about half a millisecond.
_AT_ONCE = 100

_PARTS = """
    SELECT field.key, jsonb_typeof(field.value) = 'array' AS is_list, item.value::text
    FROM revisions
    CROSS JOIN LATERAL jsonb_each(document) AS field
    LEFT JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(field.value) WHEN 'array' THEN field.value ELSE jsonb_build_array(field.value) END
    ) WITH ORDINALITY AS item (value, position) ON true
    WHERE site_id = $1 AND number = $2
    ORDER BY field.key, item.position
"""


async def load_document(connection: Connection, site: int, number: int) -> dict[str, Any]:
    """Read the document of a revision as plain JSON; the connection must be in a transaction."""
    document: dict[str, Any] = {}
    async for field, is_list, text in connection.cursor(_PARTS, site, number, prefetch=_AT_ONCE):
        if not is_list:
            document[field] = msgspec.json.decode(text)
        elif text is not None:
            document.setdefault(field, []).append(msgspec.json.decode(text))
        else:
            document[field] = []
    return document
