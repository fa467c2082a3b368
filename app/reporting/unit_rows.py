"""Units read from raw rows, as they count by now: all of an experiment, or those that some visitors are."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from functools import cache

import asyncpg
import msgspec

from app.reporting.definition import Definition
from app.reporting.facts import UnitRow, columns_of
from app.reporting.merged import Merged
from app.storage.postgres import LONG_S

# Few enough that a turn of the event loop stays short while they are counted.
_ROWS_AT_ONCE = 50

# One row for each unit, with its events that may count as JSON: [name, seconds after the first assignment,
# trusted, properties]. A unit of many events has several rows, one after the other, so that no visitor can
# make a row larger than a value may be. A unit is the earliest of its assignments over all phases, and counts
# in that one's phase alone.
_UNITS = """
    WITH {owners} given AS {materialized} (
        {given}
    ), firsts AS (
        SELECT DISTINCT ON (unit) unit, visitor, arm, phase, stage, stages, segments, device, country, at,
               min(arm) OVER same_unit <> max(arm) OVER same_unit AS crossed
        FROM given
        WINDOW same_unit AS (PARTITION BY unit)
        ORDER BY unit, at, decision_id
    ), shown AS (
        SELECT DISTINCT given.unit
        FROM given
        JOIN (
            SELECT * FROM events WHERE site_id = $1 AND name = '$exposure' AND NOT profile_only {of_given}
        ) AS exposure
          ON exposure.visitor = given.visitor
         AND exposure.properties ->> 'decision_id' = given.decision_id::text
         AND ($3::text[] IS NULL OR exposure.properties ->> 'placement' = ANY ($3))
         -- Nothing is shown before it is decided, but clocks of visitors may be wrong.
         AND exposure.at > given.at - interval '1 day'
    ), acting AS (
        {acting}
    ), happened AS (
        SELECT unit, name, extract(epoch FROM events.at - acting.at) AS after_s, trusted,
               CASE WHEN name = ANY ($5) THEN properties ELSE '{{}}' END AS properties, id
        FROM acting
        JOIN (
            SELECT * FROM events
            WHERE site_id = $1 AND name = ANY ($4) AND name <> '$stage' AND NOT profile_only {of_acting}
        ) AS events
          ON events.visitor = acting.actor
         AND events.at > acting.at - $6::interval AND events.at <= acting.at + $7::interval
         AND events.at <> acting.at
        UNION ALL
        SELECT unit, '$stage', extract(epoch FROM moved.at - acting.at), false,
               jsonb_build_object(
                   'journey', journey, 'stage', moved.stage, 'stood_at', acting.stages ->> journey
               ), id::text
        FROM acting
        JOIN stage_moves AS moved
          ON moved.site_id = $1 AND moved.visitor = acting.actor AND '$stage' = ANY ($4)
         AND moved.at > acting.at AND moved.at <= acting.at + $7::interval
    ), parted AS (
        SELECT *, row_number() OVER (PARTITION BY unit ORDER BY after_s, id) / 256 AS part FROM happened
    )
    SELECT unit, visitor, phase, arm, at AS first_at, crossed, shown.unit IS NOT NULL AS exposed, stage,
           segments, device, country,
           json_agg(json_build_array(name, after_s, trusted, properties))
               FILTER (WHERE name IS NOT NULL)::text AS events
    FROM firsts LEFT JOIN shown USING (unit) LEFT JOIN parted USING (unit)
    GROUP BY unit, visitor, phase, arm, at, crossed, exposed, stage, segments, device, country, part
    ORDER BY unit, part
"""
# Where nobody was ever merged, each unit is as it was assigned: the index has them in order.
_APART = {
    "owners": "",
    "given": "{assigned}",
    "acting": "SELECT *, visitor AS actor FROM firsts",
}
# Visitors who are one user by now are one unit, and so is that user where users are the units. What this unit
# did is what all of them did. What was counted before (it has no decision) was told as the unit it is.
_TOGETHER = {
    "owners": """owners AS MATERIALIZED (
        (SELECT DISTINCT ON (visitor) visitor AS taken, "into" AS owner
         FROM profile_changes
         WHERE site_id = $1 AND "into" IS NOT NULL AND visitor <> ALL ($9::text[]) {among}
         ORDER BY visitor, at, id)
        UNION ALL
        SELECT * FROM unnest($9::text[], $10::text[]) AS undone (taken, owner) WHERE owner IS NOT NULL
    ),""",
    "given": """
        SELECT CASE WHEN $8 AND visitor <> unit AND decision_id IS NOT NULL THEN visitor
                    ELSE coalesce(owner, unit) END AS unit,
               visitor, decision_id, arm, phase, stage, stages, segments, device, country, at
        FROM ({assigned}) AS assigned LEFT JOIN owners ON taken = unit
    """,
    "acting": """
        SELECT firsts.*, coalesce(alike.visitor, firsts.visitor) AS actor
        FROM firsts
        LEFT JOIN owners ON taken = firsts.visitor
        LEFT JOIN (
            SELECT DISTINCT owner AS account, owner AS visitor FROM owners
            UNION ALL
            SELECT owner, taken FROM owners
        ) AS alike ON alike.account = coalesce(owner, firsts.visitor)
    """,
}
_ASSIGNED = """
    SELECT unit, visitor, decision_id, arm, phase, stage, stages, segments, device, country, at
    FROM assignments WHERE site_id = $1 AND experiment = $2
"""
# First assignments that are gone for their age, as they were counted before: all is known of them but which
# decision they were, and how the unit stood in each journey.
_HELD = """
    SELECT unit, visitor, NULL, arm, phase, stage, '{{}}', segments, device, country, first_at
    FROM unit_facts
    WHERE site_id = $1 AND experiment = $2 AND unit = ANY (${some}::text[]) AND first_at < (
        SELECT since FROM kept_since WHERE site_id = $1 AND table_name = 'assignments'
    )
"""
# All units are read in the order of an index, and joined as whole tables.
_WHOLLY = {"assigned": _ASSIGNED, "materialized": "NOT MATERIALIZED"}
_WHOLLY |= {"of_given": "", "of_acting": "", "among": ""}
# Of some, events are looked up for all of them at once in each partition that may have any: PostgreSQL knows
# neither how many they are nor when they came, and would read whole tables, or ask every partition for each.
_SOME = {
    "assigned": f"{_ASSIGNED} AND unit = ANY (${{some}}::text[]) UNION ALL {_HELD}",
    "materialized": "MATERIALIZED",
    "of_given": """
        AND visitor = ANY (ARRAY(SELECT visitor FROM given))
        AND at > (SELECT min(at) FROM given) - interval '1 day'
        OFFSET 0
    """,
    "of_acting": """
        AND visitor = ANY (ARRAY(SELECT actor FROM acting))
        AND at > (SELECT min(at) FROM acting) - $6::interval
        AND at <= (SELECT max(at) FROM acting) + $7::interval
        OFFSET 0
    """,
    "among": "AND visitor = ANY (${some}::text[])",
}


class _Wanted(msgspec.Struct, frozen=True):
    """What of events is wanted for the metrics of a definition."""

    names: list[str]
    read: list[str]
    before: timedelta
    window: timedelta


def _wanted(definition: Definition) -> _Wanted:
    columns, measures = columns_of(definition), definition.measures.values()
    return _Wanted(
        names=sorted({column.event for column in columns}),
        read=sorted({column.event for column in columns if column.reads_properties}),
        before=max((measure.before for measure in measures), default=timedelta()),
        window=max((measure.window for measure in measures), default=timedelta()),
    )


async def stream_units(
    connection: asyncpg.Connection,
    site_id: int,
    definition: Definition,
    merged: Merged | None,
    some: Sequence[str] | None = None,
) -> AsyncGenerator[list[UnitRow], None]:
    """Stream units with their events, some rows at a time: any number of units takes the same memory.

    With `some` only what was assigned as one of these: who wants units in full asks for all their kin, too. A
    connection streams one thing at a time: at the end all its cursors are closed.
    """
    wanted = _wanted(definition)
    given: list[object] = [site_id, definition.key, definition.placements, wanted.names, wanted.read]
    given += [wanted.before, wanted.window]
    if merged is not None:
        given += [definition.by_user, merged.undone, merged.owners]
    if some is not None:
        given.append(list(some))
    statement = _statement(is_merged=merged is not None, some=some is not None)
    cursor = await connection.cursor(statement, *given, timeout=LONG_S)
    rows = await cursor.fetch(_ROWS_AT_ONCE, timeout=LONG_S)
    while rows:
        # PostgreSQL makes the next ones while these are counted: it is asked before anything else is done.
        coming = asyncio.create_task(cursor.fetch(_ROWS_AT_ONCE, timeout=LONG_S))
        await asyncio.sleep(0)
        try:
            yield [UnitRow(*row) for row in rows]
        finally:
            rows = await coming
    # The driver keeps it open until the transaction ends, and PostgreSQL megabytes for all its partitions.
    await connection.execute("CLOSE ALL")


@cache
def _statement(*, is_merged: bool, some: bool) -> str:
    """Put the statement together; the place of `some` is the last one."""
    way = {
        name: part.format(some=11 if is_merged else 8) for name, part in (_SOME if some else _WHOLLY).items()
    }
    parts = {name: part.format(**way) for name, part in (_TOGETHER if is_merged else _APART).items()}
    return _UNITS.format(**parts, **way)
