"""Units and their sums in tables: counted anew where something happened, or wholly where a metric changes."""

import hashlib
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing

import asyncpg
import msgspec

from app.reporting.alike import with_kin
from app.reporting.definition import Definition
from app.reporting.facts import Facts, Valuer, columns_of
from app.reporting.kept import Kept, kept_of
from app.reporting.merged import find_merged
from app.reporting.moments import Layout
from app.reporting.sums import Cell, Sum, Sums, rows_of
from app.reporting.unit_rows import stream_units

# Counts a way of counting: with another number everything is counted anew.
_WAY = 3
_FACTS = ("site_id", "experiment", *Facts.__struct_fields__)
_AT_ONCE = 5_000

_IS_SUMMED = "SELECT fingerprint FROM rollups WHERE site_id = $1 AND experiment = $2"
_CLAIM = """
    INSERT INTO rollups (site_id, experiment, fingerprint, counted_at) VALUES ($1, $2, $3, now())
    ON CONFLICT (site_id, experiment) DO UPDATE SET fingerprint = $3, counted_at = now()
"""
_FORGET = (
    "DELETE FROM unit_facts WHERE site_id = $1 AND experiment = $2",
    "DELETE FROM rollup_sums WHERE site_id = $1 AND experiment = $2",
)
_TAKE_OUT = """
    DELETE FROM unit_facts WHERE site_id = $1 AND experiment = $2 AND unit = ANY ($3)
      AND ($4::text[] IS NULL OR unit = ANY ($4) OR visitor = ANY ($4))
    RETURNING unit, visitor, phase, arm, first_at, crossed, exposed, stage, segments, device, country, worth
"""
_MOVE = """
    INSERT INTO rollup_sums AS held
        (site_id, experiment, phase, cut, value, arm, day, exposed, units, crossed, moments)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (site_id, experiment, phase, cut, value, arm, day, exposed) DO UPDATE SET
        units = held.units + excluded.units,
        crossed = held.crossed + excluded.crossed,
        moments = ARRAY(
            SELECT one + other
            FROM unnest(held.moments, excluded.moments) WITH ORDINALITY AS both_of (one, other, n) ORDER BY n
        )
"""
# Planning over a hundred partitions takes longer than looking some units up.
PLAN_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"
# As much memory as sorting all units of an experiment may take, and a plan for this experiment. No day goes
# between the snapshot and the reading: whoever empties a table asks for no snapshot.
_PLAN_WHOLLY = """
    SET LOCAL plan_cache_mode = force_custom_plan;
    SET LOCAL work_mem = '128MB';
    LOCK TABLE assignments, events IN ACCESS SHARE MODE
"""
# A cell that nobody is in any more looks as if nobody had ever been.
_SWEEP = "DELETE FROM rollup_sums WHERE site_id = $1 AND experiment = $2 AND units = 0"


_ALL_CELLS = """
    SELECT phase, cut, value, arm, day, exposed, units, crossed, moments FROM rollup_sums
    WHERE site_id = $1 AND experiment = $2
"""
_CELLS = f"{_ALL_CELLS} AND phase = $3 AND cut = ANY ($4)"


def fingerprint_of(definition: Definition) -> str:
    """Name what sums rest on besides raw rows: with the same name they are the same."""
    plans = ((plan, plan.measure) for plan in definition.metrics)
    metrics = [(plan.key, plan.metric, *measure.journey) for plan, measure in plans if measure is not None]
    counted = msgspec.json.encode((_WAY, definition.by_user, definition.placements, metrics))
    return hashlib.blake2b(counted, digest_size=16).hexdigest()


def layout_of(definition: Definition) -> Layout:
    """Lay out the sums of all metrics that are measured."""
    return Layout([len(measure.columns) for measure in definition.measures.values()])


async def is_summed(connection: asyncpg.Connection, site_id: int, definition: Definition) -> bool:
    """Whether the sums of an experiment are there, by these metrics."""
    held = await connection.fetchval(_IS_SUMMED, site_id, definition.key)
    return bool(held == fingerprint_of(definition))


async def stream_facts(
    connection: asyncpg.Connection, site_id: int, definition: Definition
) -> AsyncGenerator[list[Facts], None]:
    """Count all units of an experiment from raw rows, some at a time, but those of whom rows may be gone."""
    kept = await Kept.load(connection, site_id)
    async with aclosing(_stream_facts(connection, site_id, definition)) as stream:
        async for units in stream:
            yield [facts for facts in units if kept.has(facts)]


async def _stream_facts(
    connection: asyncpg.Connection, site_id: int, definition: Definition, some: Sequence[str] | None = None
) -> AsyncGenerator[list[Facts], None]:
    """Count what rows there are: of all units, or those that `some` are."""
    merged, valuer = await find_merged(connection, site_id, some), Valuer(definition)
    async with aclosing(stream_units(connection, site_id, definition, merged, some)) as stream:
        async for rows in stream:
            yield list(valuer.take(rows))
    yield list(valuer.rest())


async def sums_of(connection: asyncpg.Connection, site_id: int, definition: Definition) -> Sums:
    """Sum an experiment up from raw rows, whatever the tables hold."""
    sums = Sums(layout_of(definition))
    async for units in stream_facts(connection, site_id, definition):
        for facts in units:
            sums.add(facts)
    return sums


async def is_right(connection: asyncpg.Connection, site_id: int, definition: Definition) -> bool:
    """Whether the sums that are held are those of the raw rows, to the last digit."""
    summed = await sums_of(connection, site_id, definition)
    rows = await connection.fetch(_ALL_CELLS, site_id, definition.key)
    held = {Cell(*row[:6]): (row[6], row[7], row[8]) for row in rows}
    return held == {Cell(*row[:6]): row[6:] for row in map(tuple, rows_of(summed))}


async def load_cells(
    connection: asyncpg.Connection, site_id: int, definition: Definition, cuts: Sequence[str]
) -> dict[Cell, Sum]:
    """Read the sums of one phase as they are held, of these cuts."""
    rows = await connection.fetch(_CELLS, site_id, definition.key, definition.phase, cuts)
    return {Cell(*row[:6]): Sum(row[6], row[7], row[8]) for row in rows}


async def count_wholly(
    connection: asyncpg.Connection, reading: asyncpg.Connection, site_id: int, definition: Definition
) -> int:
    """Count an experiment anew from raw rows, in the caller's transaction; answers how many units it has.

    Raw rows are read from the snapshot that `reading` has, so that PostgreSQL reads on while they are counted
    and kept.
    """
    counted = 0
    await reading.execute(_PLAN_WHOLLY)
    for forget in _FORGET:
        await connection.execute(forget, site_id, definition.key)
    sums, held = Sums(layout_of(definition)), list[Facts]()
    async with aclosing(stream_facts(reading, site_id, definition)) as stream:
        async for units in stream:
            for facts in units:
                sums.add(facts)
            held += units
            counted += len(units)
            if len(held) >= _AT_ONCE:
                await _keep(connection, site_id, definition.key, held)
                held.clear()
    await _keep(connection, site_id, definition.key, held)
    await _move(connection, site_id, definition.key, sums)
    await connection.execute(_CLAIM, site_id, definition.key, fingerprint_of(definition))
    return counted


async def count_some(
    connection: asyncpg.Connection,
    site_id: int,
    definition: Definition,
    some: Sequence[str],
    erased: Collection[str],
) -> None:
    """Count some units (told by `alike`) anew, and move the sums by the difference.

    What rows are too old to tell stays as it was counted before, unless it is of who was `erased` since. In
    the caller's transaction; nobody else counts this site meanwhile.
    """
    await connection.execute(PLAN_ONCE)
    sums, wanted = Sums(layout_of(definition)), set(some)
    gone = await _take_out(connection, site_id, definition.key, wanted, erased) if erased else []
    read = await with_kin(connection, site_id, definition.key, some)
    # Whoever else is read for these is not read in full.
    now = [
        facts
        async for units in _stream_facts(connection, site_id, definition, read)
        for facts in units
        if facts.unit in wanted
    ]
    before = await _take_out(connection, site_id, definition.key, wanted)
    # Asked after the rows were read: whatever went before that is known by now.
    kept = await Kept.load(connection, site_id)
    now = kept_of(kept, now, before, columns_of(definition))
    for sign, units in ((-1, gone + before), (1, now)):
        for facts in units:
            sums.add(facts, sign)
    await _keep(connection, site_id, definition.key, now)
    await _move(connection, site_id, definition.key, sums)
    await connection.execute(_SWEEP, site_id, definition.key)


async def _take_out(
    connection: asyncpg.Connection,
    site_id: int,
    experiment: str,
    units: Iterable[str],
    whose: Collection[str] | None = None,
) -> list[Facts]:
    """Take out units; with `whose` those that are, or were begun by, one of these."""
    asked = None if whose is None else list(whose)
    rows = await connection.fetch(_TAKE_OUT, site_id, experiment, list(units), asked)
    return [Facts(*row) for row in rows]


async def _keep(
    connection: asyncpg.Connection, site_id: int, experiment: str, units: Sequence[Facts]
) -> None:
    rows = [(site_id, experiment, *msgspec.structs.astuple(facts)) for facts in units]
    await connection.copy_records_to_table("unit_facts", records=rows, columns=_FACTS)


async def _move(connection: asyncpg.Connection, site_id: int, experiment: str, sums: Sums) -> None:
    await connection.executemany(_MOVE, [(site_id, experiment, *row) for row in rows_of(sums)])
