"""Records that reach PostgreSQL behind the tombstone of their visitor: they are not stored."""

from collections.abc import Sequence
from math import inf

import asyncpg

from app.engine.records import Erase, Record, arrived_ms
from app.kit.clock import ms_of

# While somebody is being erased nobody else stores, and the other way round: what is looked up here still
# holds when the transaction ends. Any number that nobody else locks: "erasures" in ASCII, cut to 63 bits.
_LOCK = int.from_bytes(b"erasures") >> 1
_STORE_BESIDE_OTHERS = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
_ERASE_ALONE = f"SELECT pg_advisory_xact_lock({_LOCK})"
_ERASED = """
    SELECT wanted.site_id, wanted.visitor, erasure.at
    FROM unnest($1::int[], $2::text[]) AS wanted (site_id, visitor), LATERAL (
        SELECT at FROM erasures
        WHERE erasures.site_id = wanted.site_id AND erasures.visitor = wanted.visitor AND erased
        ORDER BY at DESC LIMIT 1
    ) AS erasure
"""


async def without_erased(connection: asyncpg.Connection, records: Sequence[Record]) -> list[Record]:
    """Leave out what came before its visitor was erased, inside the transaction that stores the rest."""
    erases = any(isinstance(record, Erase) for record in records)
    await connection.execute(_ERASE_ALONE if erases else _STORE_BESIDE_OTHERS)
    whose = list({(record.site, record.visitor) for record in records})
    rows = await connection.fetch(_ERASED, [site for site, _ in whose], [visitor for _, visitor in whose])
    if not rows:
        return list(records)
    until_ms = {(row["site_id"], row["visitor"]): ms_of(row["at"]) for row in rows}
    return [
        record
        for record in records
        # A tombstone stays, since whoever asked for it waits for it.
        if isinstance(record, Erase) or arrived_ms(record) > until_ms.get((record.site, record.visitor), -inf)
    ]
