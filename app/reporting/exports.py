"""Units and assignments row by row, for notebooks: read a piece at a time, holding nothing in between."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from app.reporting.definition import Definition, load_definition
from app.reporting.rollup import is_summed
from app.storage.postgres import LONG_S

What = Literal["units", "assignments"]
Kind = Literal["text", "texts", "number", "whole", "flag", "instant"]
Row = Sequence[Any]
# Lends a connection of the driver's.
Lend = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]

ROWS_AT_ONCE = 2_000

_UNIT_COLUMNS: Mapping[str, Kind] = {
    "unit": "text",
    "phase": "whole",
    "arm": "text",
    "first_at": "instant",
    "crossed": "flag",
    "exposed": "flag",
    "stage": "text",
    "segments": "texts",
    "device": "text",
    "country": "text",
}
_ASSIGNMENT_COLUMNS: Mapping[str, Kind] = {
    "unit": "text",
    "visitor": "text",
    "decision_id": "text",
    "at": "instant",
    "phase": "whole",
    "arm": "text",
    "revision": "whole",
    "first": "flag",
    "stage": "text",
    "segments": "texts",
    "device": "text",
    "country": "text",
}
_UNITS = """
    SELECT unit, phase, arm, first_at, crossed, exposed, stage, segments, device, country, worth
    FROM unit_facts
    WHERE site_id = $1 AND experiment = $2 AND phase = $3 AND ($4::text IS NULL OR unit > $4)
    ORDER BY unit LIMIT $5
"""
# Within one unit, those at one instant stand in the order of their decisions.
_ASSIGNMENTS = """
    SELECT unit, visitor, decision_id, at, phase, arm, revision, first, stage, segments, device, country
    FROM assignments
    WHERE site_id = $1 AND experiment = $2 AND phase = $3
      AND ($4::text IS NULL OR (unit, at, decision_id) > ($4, $5::timestamptz, $6::uuid))
    ORDER BY unit, at, decision_id LIMIT $7
"""


class NotCountedError(LookupError):
    """The units of this phase are not counted by the metrics in force, or not yet."""


class Export(msgspec.Struct, frozen=True):
    """Rows to be read: their columns by name, and the pieces they come in."""

    columns: Mapping[str, Kind]
    pieces: AsyncIterator[Sequence[Row]]


async def export(lend: Lend, site_id: int, experiment: str, phase: int | None, what: What) -> Export:
    """Begin an export of one phase (None: the latest).

    Raises:
        UnknownExperimentError, UnknownPhaseError: as for results.
        NotCountedError: units are wanted, and not counted.

    """
    async with lend() as connection:
        definition = await load_definition(connection, site_id, experiment, phase)
        if what == "units" and not await is_summed(connection, site_id, definition):
            raise NotCountedError(f"the units of {experiment} are being counted")
    of = (site_id, experiment, definition.phase)
    if what == "units":
        columns = dict(_UNIT_COLUMNS)
        for name in _names_of(definition):
            columns[_free(name, columns)] = "number"
        return Export(columns, _units(lend, of))
    return Export(_ASSIGNMENT_COLUMNS, _assignments(lend, of))


def _names_of(definition: Definition) -> list[str]:
    """Name the numbers of a unit: a metric's own key, and what is beside it."""
    beside = ("denominator", "before", "denominator_before")
    names = []
    for name, measure in definition.measures.items():
        key = name.replace("$", ".")
        others = beside if measure.is_ratio else beside[1:2]
        names += [key, *(f"{key}.{other}" for other in others[: len(measure.columns) - 1])]
    return names


def _free(name: str, taken: Collection[str]) -> str:
    """Give a column a name that no other has: metrics are called as people like."""
    while name in taken:
        name = f"metric.{name}"
    return name


async def _units(lend: Lend, of: tuple[int, str, int]) -> AsyncIterator[Sequence[Row]]:
    last: str | None = None
    while True:
        async with lend() as connection:
            rows = await connection.fetch(_UNITS, *of, last, ROWS_AT_ONCE, timeout=LONG_S)
        yield [(*row[:10], *row[10]) for row in rows]
        if len(rows) < ROWS_AT_ONCE:
            return
        last = rows[-1]["unit"]


async def _assignments(lend: Lend, of: tuple[int, str, int]) -> AsyncIterator[Sequence[Row]]:
    last: tuple[str | None, datetime | None, UUID | None] = (None, None, None)
    while True:
        async with lend() as connection:
            rows = await connection.fetch(_ASSIGNMENTS, *of, *last, ROWS_AT_ONCE, timeout=LONG_S)
        yield [(*row[:2], str(row[2]), *row[3:]) for row in rows]
        if len(rows) < ROWS_AT_ONCE:
            return
        last = (rows[-1]["unit"], rows[-1]["at"].astimezone(UTC), rows[-1]["decision_id"])
