"""An experiment that is judged by every kind of metric, and its sums: as they are held, and from raw rows."""

from typing import Any

import asyncpg

from app.reporting.definition import load_definition
from app.reporting.rollup import is_summed, sums_of
from app.reporting.sums import Cell
from tests.builders import experiment
from tests.integration.planted import COUNTS, Planted
from tests.unit.reporting.counted import orders, revenue

WITH_EVERYTHING: dict[str, Any] = {
    "metrics": [
        orders(),
        COUNTS,
        revenue(covariate_days=30),
        orders("per-view", kind="ratio", property="value", denominator={"event": "page_viewed"}),
    ],
    "experiments": [
        experiment(
            phase=1,
            status="running",
            primary_metric="orders",
            metrics=[{"metric": "count"}, {"metric": "revenue"}, {"metric": "per-view"}],
        )
    ],
}


async def held(planted: Planted) -> dict[Cell, tuple[object, ...]]:
    """Read the sums that results are answered from."""
    rows = await planted.postgres.pool.fetch(
        "SELECT phase, cut, value, arm, day, exposed, units, crossed, moments FROM rollup_sums"
        " WHERE site_id = $1 AND experiment = 'hero-copy'",
        planted.site_id,
    )
    return {Cell(*row[:6]): (row[6], row[7], [*row[8]]) for row in rows}


async def from_raw_rows(planted: Planted) -> dict[Cell, tuple[object, ...]]:
    """Sum up whatever the raw rows hold."""
    async with planted.postgres.pool.acquire() as lent, lent.transaction():
        connection: asyncpg.Connection = lent  # type: ignore[assignment] # what a pool lends is one in all but its type
        definition = await load_definition(connection, planted.site_id, "hero-copy", None)
        assert await is_summed(connection, planted.site_id, definition)
        summed = await sums_of(connection, planted.site_id, definition)
    return {
        cell: (found.units, found.crossed, found.moments)
        for cell, found in summed.by_cell.items()
        if not found.is_nothing
    }
