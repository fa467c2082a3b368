"""Whom to count anew where something of some visitors was stored, and what has to be read for that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import asyncpg

# Who owns a visitor by now: the first to whom it was merged. Where that was undone, it may be any of them.
_OWNED = """
    SELECT visitor AS taken, "into" AS owner FROM (
        SELECT visitor, "into", row_number() OVER (PARTITION BY visitor ORDER BY at, id) = 1 AS is_first,
               bool_or(convert_from(record, 'UTF8')::json ->> 'kind' = 'unmerge')
                   OVER (PARTITION BY visitor) AS is_undone
        FROM profile_changes
        WHERE site_id = $1 AND "into" IS NOT NULL AND visitor = ANY (ARRAY({visitors}))
    ) AS merges WHERE is_first OR is_undone
"""
# Everybody who was ever merged with one of these visitors, and every unit that may rest on one of them: what
# they were assigned as, whoever owns that by now, and what was counted for them. Too many are counted anew,
# never too few.
_ALIKE = """
    WITH owners AS (
        SELECT visitor AS one FROM unnest($2::text[]) AS touched (visitor)
        UNION
        SELECT "into" FROM profile_changes
        WHERE site_id = $1 AND visitor = ANY ($2) AND "into" IS NOT NULL
    ), merges AS MATERIALIZED (
        SELECT visitor, "into" FROM profile_changes
        WHERE site_id = $1 AND "into" IS NOT NULL AND "into" = ANY (ARRAY(SELECT one FROM owners))
    ), family AS MATERIALIZED (
        SELECT one FROM owners
        UNION
        SELECT visitor FROM merges
    ), assigned AS MATERIALIZED (
        SELECT DISTINCT experiment, unit, visitor FROM assignments
        WHERE site_id = $1 AND visitor = ANY (ARRAY(SELECT one FROM family))
    ), owned AS MATERIALIZED (
        {owned}
    )
    SELECT one, NULL AS experiment, 'met' AS how FROM family
    UNION ALL
    SELECT unnest(ARRAY[visitor, "into"]), NULL, 'merged' FROM merges
    UNION ALL
    SELECT unit, experiment, 'assigned' FROM assigned
    UNION ALL
    SELECT visitor, experiment, 'named' FROM assigned WHERE visitor <> unit
    UNION ALL
    SELECT owner, experiment, 'owned' FROM assigned JOIN owned ON taken = unit
    UNION ALL
    SELECT unit, experiment, 'counted' FROM unit_facts
    WHERE site_id = $1 AND visitor = ANY (ARRAY(SELECT one FROM family))
"""
# Who was counted may be erased by now: then only what was counted tells in which experiments.
_COUNTED = """
    SELECT unit, experiment FROM unit_facts
    WHERE site_id = $1 AND unit = ANY ($2)
      AND experiment = ANY (ARRAY(SELECT experiment FROM rollups WHERE site_id = $1))
"""
# What units rest on: whatever was assigned as one of them, and whoever acts for who began it. Of those who
# share a device, that is the first alone.
_KIN = """
    WITH parts AS MATERIALIZED (
        SELECT unit AS one FROM unnest($3::text[]) AS wanted (unit)
        UNION
        SELECT visitor FROM profile_changes WHERE site_id = $1 AND "into" = ANY ($3)
        UNION
        SELECT unit FROM assignments WHERE site_id = $1 AND experiment = $2 AND visitor = ANY ($3)
    ), began AS MATERIALIZED (
        (SELECT DISTINCT ON (unit) visitor AS one FROM assignments
         WHERE site_id = $1 AND experiment = $2 AND unit = ANY (ARRAY(SELECT one FROM parts))
         ORDER BY unit, at, decision_id)
        UNION
        -- The first assignment may be gone for its age.
        SELECT visitor FROM unit_facts
        WHERE site_id = $1 AND experiment = $2 AND unit = ANY (ARRAY(SELECT one FROM parts))
    ), accounts AS MATERIALIZED (
        SELECT one FROM began
        UNION
        SELECT owner FROM ({owned}) AS owned
    )
    SELECT one FROM parts
    UNION
    SELECT one FROM accounts
    UNION
    SELECT visitor FROM profile_changes
    WHERE site_id = $1 AND "into" = ANY (ARRAY(SELECT one FROM accounts))
"""


async def alike(
    connection: asyncpg.Connection, site_id: int, visitors: Iterable[str]
) -> dict[str, list[str]]:
    """Tell which units to count anew, in which experiments, where something of these visitors was stored.

    Some of them may be no unit of that experiment.
    """
    units = defaultdict[str, set[str]](set)
    found: dict[str, set[str]] = defaultdict(set)
    query = _ALIKE.format(owned=_OWNED.format(visitors="SELECT unit FROM assigned"))
    for one, experiment, how in await connection.fetch(query, site_id, list(visitors)):
        found[how].add(one)
        if experiment is not None:
            units[experiment].add(one)
    if unassigned := found["met"] - found["assigned"]:
        for unit, experiment in await connection.fetch(_COUNTED, site_id, list(unassigned)):
            units[experiment].add(unit)
    # What one of a family did may count for any other.
    return {experiment: sorted(some | found["merged"]) for experiment, some in units.items()}


async def with_kin(
    connection: asyncpg.Connection, site_id: int, experiment: str, units: Sequence[str]
) -> list[str]:
    """Name all that must be read to count these units in full; others among them are read in part alone."""
    query = _KIN.format(owned=_OWNED.format(visitors="SELECT one FROM began"))
    return sorted(row["one"] for row in await connection.fetch(query, site_id, experiment, units))
