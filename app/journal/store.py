"""One batch of a stream in one transaction: its records, what rests on them, and the stream's position."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol

import asyncpg

from app.engine.records import Record
from app.journal.columns import copied
from app.journal.discard import without_erased
from app.journal.rows import (
    ASSIGNMENTS,
    DECISIONS,
    ERASURES,
    EVENTS,
    ID_COLUMNS,
    PROFILE_CHANGES,
    Key,
    Kind,
    id_row_of,
    kind_of,
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
    INSERT INTO event_ids (site_id, key, received_at)
    SELECT * FROM unnest($1::int[], $2::uuid[], $3::timestamptz[]) AS claimed (site_id, key, received_at)
    ORDER BY site_id, key
    ON CONFLICT DO NOTHING RETURNING site_id, key
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

    async def settled(
        self, connection: asyncpg.Connection, records: Sequence[Record], said: Sequence[Record]
    ) -> Sequence[Record]:
        """Answer these records with what may be kept of unheard events: those are unheard no more.

        `said` is what visitors have said that may not be stored yet. Asked only where an event is unheard.
        """
        ...

    async def fold_in(
        self, connection: asyncpg.Connection, records: Sequence[Record], store: Callable[[], Awaitable[None]]
    ) -> None:
        """Take in records that are new, in journal order.

        They are stored once `store` has been awaited, which is done once. What it raises is raised.
        """
        ...


class Position(NamedTuple):
    """How far a stream is stored; both are 0 where nothing is."""

    segment: int
    offset: int


START = Position(0, 0)


class Batch(NamedTuple):
    """What follows on `begin` in a stream, up to `end`.

    Where an event of it is unheard, `said` is all that may not be stored yet of what visitors have said.
    """

    stream: str
    begin: Position
    end: Position
    records: Sequence[Record]
    said: Sequence[Record] | None


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
        with _refusals():
            records: Sequence[Record] = await without_erased(connection, batch.records)
            if batch.said is not None:
                records = await fold.settled(connection, records, batch.said)
        await _take_in_all(connection, records, fold)
        await connection.execute(_ADVANCE, batch.stream, *batch.end)


async def _take_in_all(connection: asyncpg.Connection, records: Sequence[Record], fold: Fold) -> None:
    """Store and fold in what is new. Mostly all of it is, and what is not makes the quick way fail."""
    if not records:
        return
    try:
        async with connection.transaction():
            await fold.fold_in(connection, records, partial(_copy_all, connection, records))
    except asyncpg.UniqueViolationError:
        with _refusals():
            new = await _insert_unknown(connection, records)
        if new:
            await fold.fold_in(connection, new, _stored)


async def _stored() -> None:
    """Do nothing: the records are stored."""


@contextmanager
def _refusals(but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Tell what PostgreSQL refuses from what a fold does wrong, which is no fault of the records."""
    try:
        yield
    except but:
        raise
    except _REFUSALS as error:
        raise Unstorable(f"{type(error).__name__}: {error}") from error


async def _copy_all(connection: asyncpg.Connection, records: Sequence[Record]) -> None:
    """Copy records into their tables.

    Raises:
        asyncpg.UniqueViolationError: one of them is there already, or twice.
        Unstorable: PostgreSQL refuses one of them.

    """
    with _refusals(but=(asyncpg.UniqueViolationError,)):
        await _copy_by_kind(connection, records)


async def _copy_by_kind(connection: asyncpg.Connection, records: Sequence[Record]) -> None:
    by_kind: dict[Kind, list[Any]] = {kind: [] for kind in _WAYS}
    for record in records:
        by_kind[kind_of(record)].append(record)
    if by_kind[EVENTS]:
        # In this order, so that two shippers that hold the same ids never wait for each other in a circle.
        await _copy(connection, "event_ids", ID_COLUMNS, sorted(map(id_row_of, by_kind[EVENTS])))
    for kind, own in by_kind.items():
        if own:
            await _copy(connection, kind.table, kind.columns, map(kind.row_of, own))


async def _insert_unknown(connection: asyncpg.Connection, records: Sequence[Record]) -> list[Record]:
    """Insert what is not stored yet, the first of each key, and answer it in the order it came in."""
    firsts: dict[Key, Record] = {}
    for record in records:
        firsts.setdefault(kind_of(record).key_of(record), record)
    new: set[Key] = set()
    for kind, way in _WAYS.items():
        mine = {key: record for key, record in firsts.items() if kind_of(record) is kind}
        if mine:
            new |= await way(connection, kind, mine)
    return [record for key, record in firsts.items() if key in new]


async def _claim(connection: asyncpg.Connection, kind: Kind, records: Mapping[Key, Any]) -> set[Key]:
    """Store events, whose ids are known apart from their table, across all its days."""
    _, sites, keys = zip(*records, strict=True)
    received = [instant_of(event.received_ms) for event in records.values()]
    claimed = await connection.fetch(_CLAIM_IDS, sites, keys, received)
    new: set[Key] = {(kind.table, *key) for key in claimed}
    mine = [kind.row_of(record) for key, record in records.items() if key in new]
    await _copy(connection, kind.table, kind.columns, mine)
    return new


async def _take_in(connection: asyncpg.Connection, kind: Kind, records: Mapping[Key, Any]) -> set[Key]:
    """Store records whose table itself knows which of them are new."""
    incoming = f"incoming_{kind.table}"
    await connection.execute(_INCOMING.format(incoming=incoming, table=kind.table))
    await _copy(connection, incoming, kind.columns, map(kind.row_of, records.values()))
    names = {"columns": _quoted(kind.columns), "key": _quoted(kind.key)}
    taken = await connection.fetch(_TAKE_IN.format(table=kind.table, incoming=incoming, **names))
    return {(kind.table, *key) for key in taken}


async def _copy(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], rows: Iterable[bytes]
) -> None:
    await connection.copy_to_table(table, source=copied(rows), columns=columns, format="binary")


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
