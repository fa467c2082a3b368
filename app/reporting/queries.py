"""The SQL that results rest on, each statement with what it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.model import Document
from app.reporting.merged import Merged

# Few enough that a turn of the event loop stays short while they are counted.
_ROWS_AT_ONCE = 50


@asynccontextmanager
async def snapshot(session: AsyncConnection) -> AsyncIterator[asyncpg.Connection]:
    """Lend the driver's own connection, which sees one state of the database throughout and changes nothing.

    Rows come several times as fast as through SQLAlchemy; and since the connection is out of SQLAlchemy's
    pool, those who decide and ship keep the other pool for themselves, however many ask for results at once.
    `session` has run nothing yet.

    Raises:
        ConnectionError: the connection broke on the way.

    """
    driver: Any = (await session.get_raw_connection()).driver_connection
    try:
        async with driver.transaction(isolation="repeatable_read", readonly=True):
            # Compiling a plan over a hundred partitions takes longer than running it.
            await driver.execute("SET LOCAL jit = off")
            yield driver
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if not driver.is_closed():
            raise
        # SQLAlchemy was passed by and has not noticed: unsaid, the next request would get this connection.
        await session.invalidate()
        raise ConnectionError("the connection to the database broke") from error


# What a revision says of experiments and metrics; its long lists stay in the database. Without a number, the
# latest revision.
_DOCUMENT = """
    SELECT (document - '{placements,segments,journeys,rules}'::text[])::text
    FROM revisions
    WHERE site_id = $1
      AND number = coalesce($2, (SELECT max(number) FROM revisions WHERE site_id = $1))
"""


async def find_document(connection: asyncpg.Connection, site_id: int, number: int | None) -> Document | None:
    """Read what a revision (None: the latest) says of experiments and metrics."""
    document = await connection.fetchval(_DOCUMENT, site_id, number)
    return None if document is None else msgspec.json.decode(document, type=Document)


# The newest revision under which somebody was given an arm of the experiment, in one phase or in any.
_REVISION = """
    SELECT max(revision) FROM assignments
    WHERE site_id = $1 AND experiment = $2 AND ($3::int IS NULL OR phase = $3)
"""


async def find_revision(
    connection: asyncpg.Connection, site_id: int, experiment: str, phase: int | None
) -> int | None:
    """Name the newest revision that assigned units to an experiment; None where there are no such units."""
    revision: int | None = await connection.fetchval(_REVISION, site_id, experiment, phase)
    return revision


# One row for each unit, with its events that may count as JSON: [name, seconds after the first assignment,
# trusted, properties]. A unit of many events has several rows, one after the other, so that no visitor can
# make a row larger than a value may be. A unit is the earliest of its assignments over all phases, and counts
# in that one's phase alone. The phase is asked for last: asked for first, the planner expects one unit to be
# left, and for each of many thousands it looks through every day of events (twice the time).
_UNITS = """
    WITH {owners} given AS NOT MATERIALIZED (
        {given}
        WHERE site_id = $1 AND experiment = $2
    ), firsts AS (
        SELECT DISTINCT ON (unit) unit, visitor, arm, phase, stage, segments, device, country, at,
               min(arm) OVER same_unit <> max(arm) OVER same_unit AS crossed
        FROM given
        WINDOW same_unit AS (PARTITION BY unit)
        ORDER BY unit, at, decision_id
    ), counted AS (
        SELECT *,
               CASE $6::text
                   WHEN 'stage' THEN ARRAY[stage]
                   WHEN 'segment' THEN segments
                   WHEN 'device' THEN ARRAY[device]
                   WHEN 'country' THEN ARRAY[country]
                   WHEN 'day' THEN ARRAY[to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')]
               END AS cuts
        FROM firsts
        WHERE NOT $4 OR unit IN (
            SELECT shown.unit
            FROM given AS shown
            JOIN events AS exposure
              ON exposure.site_id = $1 AND exposure.visitor = shown.visitor
             AND exposure.name = '$exposure' AND NOT exposure.profile_only
             AND exposure.properties ->> 'decision_id' = shown.decision_id::text
             AND ($5::text[] IS NULL OR exposure.properties ->> 'placement' = ANY ($5))
        )
    ), acting AS (
        {acting}
    ), happened AS (
        SELECT unit, arm, phase, crossed, cuts, acting.at AS first_at,
               name, extract(epoch FROM events.at - acting.at) AS after_s, trusted,
               CASE WHEN name = ANY ($8) THEN properties ELSE '{{}}' END AS properties,
               row_number() OVER (PARTITION BY unit ORDER BY events.at, id) / 256 AS part
        FROM acting
        LEFT JOIN events
          ON acting.phase = $3
         AND events.site_id = $1 AND events.visitor = acting.actor
         AND events.name = ANY ($7) AND NOT events.profile_only
         AND events.at > acting.at AND events.at <= acting.at + $9
    )
    SELECT unit, arm, crossed, cuts, first_at,
           json_agg(json_build_array(name, after_s, trusted, properties))
               FILTER (WHERE name IS NOT NULL)::text AS events
    FROM happened
    WHERE phase = $3
    GROUP BY unit, arm, crossed, cuts, first_at, part
    ORDER BY unit, part
"""
# Where nobody was ever merged, each unit is as it was assigned: the index has them in order.
_APART = _UNITS.format(
    owners="",
    given="SELECT * FROM assignments",
    acting="SELECT *, visitor AS actor FROM counted",
)
# Visitors who are one user by now are one unit, and so is that user where users are the units. What this unit
# did is what all of them did.
_TOGETHER = _UNITS.format(
    owners="""owners AS MATERIALIZED (
        (SELECT DISTINCT ON (visitor) visitor AS taken, "into" AS owner
         FROM profile_changes
         WHERE site_id = $1 AND "into" IS NOT NULL AND visitor <> ALL ($11::text[])
         ORDER BY visitor, at, id)
        UNION ALL
        SELECT * FROM unnest($11::text[], $12::text[]) AS undone (taken, owner) WHERE owner IS NOT NULL
    ),""",
    given="""
        SELECT CASE WHEN $10 AND visitor <> unit THEN visitor ELSE coalesce(owner, unit) END AS unit,
               visitor, decision_id, arm, phase, stage, segments, device, country, at
        FROM assignments LEFT JOIN owners ON taken = unit
    """,
    acting="""
        SELECT counted.*, coalesce(alike.visitor, counted.visitor) AS actor
        FROM counted
        LEFT JOIN owners ON taken = counted.visitor
        LEFT JOIN (
            SELECT DISTINCT owner AS account, owner AS visitor FROM owners
            UNION ALL
            SELECT owner, taken FROM owners
        ) AS alike ON alike.account = coalesce(owner, counted.visitor)
    """,
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whose rows are wanted, and which of their events.

    `by_user`: users are the units, once they are known.
    `placements` are those on which an exposure counts (None: all). `read` are the event names whose
    properties are looked at; the others come without. `window` follows the first assignment.
    """

    site_id: int
    experiment: str
    phase: int
    by_user: bool
    exposed: bool
    placements: list[str] | None
    by: str | None
    names: list[str]
    read: list[str]
    window: timedelta


class UnitRow(msgspec.Struct, frozen=True):
    """A unit as it was first assigned, with some of its events as JSON (None: it has none that may count).

    `crossed`: it was given more than one arm. `cuts` are the values by which it is cut.
    """

    unit: str
    arm: str
    crossed: bool
    cuts: list[str | None] | None
    first_at: datetime
    events: str | None


async def stream_units(
    connection: asyncpg.Connection, wanted: Wanted, merged: Merged | None
) -> AsyncIterator[list[UnitRow]]:
    """Stream units with their events, some rows at a time: any number of units takes the same memory."""
    together = () if merged is None else (wanted.by_user, merged.undone, merged.owners)
    cursor = await connection.cursor(
        _APART if merged is None else _TOGETHER,
        wanted.site_id,
        wanted.experiment,
        wanted.phase,
        wanted.exposed,
        wanted.placements,
        wanted.by,
        wanted.names,
        wanted.read,
        wanted.window,
        *together,
    )
    while rows := await cursor.fetch(_ROWS_AT_ONCE):
        yield [UnitRow(*row) for row in rows]
