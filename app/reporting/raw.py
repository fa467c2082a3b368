"""Sums straight from raw rows, where nobody has summed these metrics up yet."""

import asyncio
from array import array
from collections.abc import Mapping

import asyncpg
import msgspec
import numpy as np

from app.reporting.capped import capped_columns
from app.reporting.definition import Definition
from app.reporting.facts import Facts
from app.reporting.question import Population, Question
from app.reporting.rollup import layout_of, stream_facts
from app.reporting.sums import Cell, Sum, Sums


async def raw_cells(
    connection: asyncpg.Connection, definition: Definition, question: Question
) -> dict[Cell, Sum]:
    """Sum an experiment up; where a metric has a cap, all rows are read once more for the percentile."""
    sums, limits = Sums(layout_of(definition)), await _limits(connection, definition, question)
    async for units in stream_facts(connection, question.site_id, definition):
        for facts in units:
            sums.add(_limited(facts, limits) if limits else facts)
    return sums.by_cell


async def _limits(
    connection: asyncpg.Connection, definition: Definition, question: Question
) -> dict[int, float]:
    """Find at which value each capped column ends, by all units that are asked for."""
    columns = dict(capped_columns(definition))
    values = {column: array("d") for column in columns}
    if columns:
        async for units in stream_facts(connection, question.site_id, definition):
            for facts in units:
                is_asked = facts.exposed or question.population is Population.ASSIGNED
                if facts.phase == definition.phase and is_asked:
                    for column, of_column in values.items():
                        of_column.append(facts.worth[column])
    return {
        # In a thread of its own, since it lets others run meanwhile.
        column: float(await asyncio.to_thread(np.quantile, np.frombuffer(of_column), columns[column]))
        for column, of_column in values.items()
        if of_column
    }


def _limited(facts: Facts, limits: Mapping[int, float]) -> Facts:
    worth = [min(x, limits[i]) if i in limits else x for i, x in enumerate(facts.worth)]
    return msgspec.structs.replace(facts, worth=worth)
