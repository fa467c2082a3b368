"""One batch of a stream in one transaction: its records, what rests on them, and the stream's position."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import asyncpg

from app.engine.records import Assignment, Event, Record
from app.journal.rows import (
    ASSIGNMENT_COLUMNS,
    EVENT_COLUMNS,
    Key,
    key_of,
    row_of_assignment,
    row_of_event,
)
from app.kit.clock import instant_of

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
_INCOMING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_assignments (LIKE assignments) ON COMMIT DELETE ROWS
"""
_TAKE_IN = f"""
    INSERT INTO assignments ({", ".join(ASSIGNMENT_COLUMNS)})
    SELECT {", ".join(ASSIGNMENT_COLUMNS)} FROM incoming_assignments
    ON CONFLICT DO NOTHING RETURNING decision_id, experiment, at
"""  # noqa: S608 - the names are our own
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
            new = await _insert_new(connection, batch.records)
        except _REFUSALS as error:
            raise Unstorable(f"{type(error).__name__}: {error}") from error
        if new:
            await fold.fold_in(connection, new)
        await connection.execute(_ADVANCE, batch.stream, *batch.end)


async def _insert_new(connection: asyncpg.Connection, records: Sequence[Record]) -> list[Record]:
    """Insert what is not stored yet, the first of each key, and answer it in the order it came in."""
    firsts: dict[Key, Record] = {}
    for record in records:
        firsts.setdefault(key_of(record), record)
    new = await _insert_events(connection, [one for one in firsts.values() if isinstance(one, Event)])
    new |= await _insert_assignments(
        connection, [one for one in firsts.values() if isinstance(one, Assignment)]
    )
    return [record for key, record in firsts.items() if key in new]


async def _insert_events(connection: asyncpg.Connection, events: Sequence[Event]) -> set[Key]:
    if not events:
        return set()
    claimed = await connection.fetch(
        _CLAIM_IDS,
        [event.site for event in events],
        [event.id for event in events],
        [instant_of(event.received_ms) for event in events],
    )
    new: set[Key] = {(row["site_id"], row["id"]) for row in claimed}
    rows = [row_of_event(event) for event in events if key_of(event) in new]
    await connection.copy_records_to_table("events", records=rows, columns=EVENT_COLUMNS)
    return new


async def _insert_assignments(connection: asyncpg.Connection, assignments: Sequence[Assignment]) -> set[Key]:
    if not assignments:
        return set()
    await connection.execute(_INCOMING)
    rows = [row_of_assignment(assignment) for assignment in assignments]
    await connection.copy_records_to_table("incoming_assignments", records=rows, columns=ASSIGNMENT_COLUMNS)
    return {(row["decision_id"], row["experiment"], row["at"]) for row in await connection.fetch(_TAKE_IN)}
