"""One batch of a stream in one transaction: its records, what rests on them, and the stream's position."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import asyncpg

from app.engine.records import Record
from app.journal.discard import without_erased
from app.journal.rows import (
    ASSIGNMENTS,
    DECISIONS,
    ERASURES,
    EVENTS,
    PROFILE_CHANGES,
    Key,
    Kind,
    Row,
    kind_of,
)

# The row is written even where it stays as it is: that locks it until the transaction ends.
_HOLD = """
    INSERT INTO journal_positions (stream, segment, position) VALUES ($1, 0, 0)
    ON CONFLICT (stream) DO UPDATE SET stream = excluded.stream RETURNING segment, position
"""
_PATIENCE = "SELECT set_config('statement_timeout', $1, true)"
_ADVANCE = """
    UPDATE journal_positions SET segment = $2, position = $3, updated_at = now() WHERE stream = $1
"""
# The order is fixed, so that two shippers that hold the same ids never wait for each other in a circle.
_CLAIM_IDS = """
    INSERT INTO event_ids (site_id, id, received_at)
    SELECT * FROM unnest($1::int[], $2::text[], $3::timestamptz[]) AS claimed (site_id, id, received_at)
    ORDER BY site_id, id
    ON CONFLICT DO NOTHING RETURNING site_id, id
"""
_INCOMING = "CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} (LIKE {table}) ON COMMIT DELETE ROWS"
_TAKE_IN = """
    INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming} ORDER BY {key}
    ON CONFLICT DO NOTHING RETURNING {key}
"""
# What makes PostgreSQL, its driver or a row refuse a record, however often it is tried.
_REFUSALS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ValueError,
    OverflowError,
    RecursionError,
)


class Fold(Protocol):
    """What else rests on stored records and must move with them, in the same transaction."""

    async def fold_in(self, connection: asyncpg.Connection, records: Sequence[Record]) -> None:
        """Take in records that are new, in journal order."""
        ...


class Position(NamedTuple):
    """How far a stream is stored; both are 0 where nothing is."""

    segment: int
    offset: int


START = Position(0, 0)


class Batch(NamedTuple):
    """What follows on `begin` in a stream, up to `end`."""

    stream: str
    begin: Position
    end: Position
    records: Sequence[Record]


class Moved(Exception):  # noqa: N818 - named for what is the case, as the shipper meets it
    """The stream is stored up to another position than was believed; nothing was done."""

    def __init__(self, position: Position) -> None:
        super().__init__(f"stored up to {position}")
        self.position = position


class Unstorable(Exception):  # noqa: N818 - named for what is the case, as the shipper meets it
    """A record of the batch can never be stored; nothing was done."""


async def store_batch(connection: asyncpg.Connection, batch: Batch, fold: Fold, patience_s: float) -> None:
    """Store what is new of a batch and move the stream's position, all or nothing.

    Each statement has `patience_s`, lest it wait for ever for somebody's lock.

    Raises:
        Moved: the batch does not follow on what is stored.
        Unstorable: PostgreSQL refuses a record of it.

    """
    async with connection.transaction():
        await connection.execute(_PATIENCE, f"{patience_s}s")
        [row] = await connection.fetch(_HOLD, batch.stream)
        held = Position(row["segment"], row["position"])
        if held != batch.begin:
            raise Moved(held)
        try:
            new = await _insert_new(connection, await without_erased(connection, batch.records))
        except _REFUSALS as error:
            raise Unstorable(f"{type(error).__name__}: {error}") from error
        if new:
            await fold.fold_in(connection, new)
        await connection.execute(_ADVANCE, batch.stream, *batch.end)


async def _insert_new(connection: asyncpg.Connection, records: Sequence[Record]) -> list[Record]:
    """Insert what is not stored yet, the first of each key, and answer it in the order it came in."""
    firsts: dict[Key, Record] = {}
    waiting: dict[Kind, list[Row]] = {kind: [] for kind in _WAYS}
    for record in records:
        kind = kind_of(record)
        row = kind.row_of(record)
        if firsts.setdefault(kind.key_of(row), record) is record:
            waiting[kind].append(row)
    new: set[Key] = set()
    for kind, rows in waiting.items():
        if rows:
            new |= await _WAYS[kind](connection, kind, rows)
    return [record for key, record in firsts.items() if key in new]


async def _claim(connection: asyncpg.Connection, kind: Kind, rows: Sequence[Row]) -> set[Key]:
    """Store rows whose ids are known apart from their table, across all its days."""
    claims = [[row[kind.columns.index(name)] for row in rows] for name in ("site_id", "id", "received_at")]
    claimed = await connection.fetch(_CLAIM_IDS, *claims)
    new: set[Key] = {(kind.table, *key) for key in claimed}
    mine = [row for row in rows if kind.key_of(row) in new]
    await connection.copy_records_to_table(kind.table, records=mine, columns=kind.columns)
    return new


async def _take_in(connection: asyncpg.Connection, kind: Kind, rows: Sequence[Row]) -> set[Key]:
    """Store rows whose table itself knows which of them are new."""
    incoming = f"incoming_{kind.table}"
    await connection.execute(_INCOMING.format(incoming=incoming, table=kind.table))
    await connection.copy_records_to_table(incoming, records=rows, columns=kind.columns)
    names = {"columns": _quoted(kind.columns), "key": _quoted(kind.key)}
    taken = await connection.fetch(_TAKE_IN.format(table=kind.table, incoming=incoming, **names))
    return {(kind.table, *key) for key in taken}


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


# In this order always, so that no two shippers wait for each other in a circle.
_WAYS = {
    EVENTS: _claim,
    ASSIGNMENTS: _take_in,
    PROFILE_CHANGES: _take_in,
    DECISIONS: _take_in,
    ERASURES: _take_in,
}
