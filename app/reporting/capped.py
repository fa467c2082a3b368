"""Values above a percentile of all arms together count as the percentile; this reads every unit."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import asyncpg

from app.reporting.definition import Definition
from app.reporting.moments import Layout, decimal_of
from app.reporting.question import CutBy, Population, Question
from app.reporting.sums import ANY_DAY, Cell, Sum, said
from app.storage.postgres import LONG_S

_HIGHEST = """
    SELECT percentile_cont($6::float8) WITHIN GROUP (ORDER BY worth[$5]) FROM unit_facts
    WHERE site_id = $1 AND experiment = $2 AND phase = $3 AND (exposed OR NOT $4)
"""
# x times itself and times each of the at most three columns after it; what is beyond the metric is not read.
_CAPPED = """
    SELECT {value} AS value, arm, {day} AS day, exposed,
           sum(x), sum(x * x), sum(x * worth[$5 + 1]), sum(x * worth[$5 + 2]), sum(x * worth[$5 + 3])
    FROM (SELECT *, least(worth[$5], $6::float8) AS x FROM unit_facts) AS capped
    WHERE site_id = $1 AND experiment = $2 AND phase = $3 AND (exposed OR NOT $4)
    GROUP BY 1, 2, 3, 4
"""
_DAY = "(first_at AT TIME ZONE 'UTC')::date"
_EVERYBODY = _CAPPED.format(value="''", day=_DAY)
_CUT = {
    by: _CAPPED.format(value=value, day=f"'{ANY_DAY}'::date")
    for by, value in (
        (CutBy.STAGE, "stage"),
        (CutBy.SEGMENT, "unnest(segments)"),
        (CutBy.DEVICE, "device"),
        (CutBy.COUNTRY, "country"),
    )
}


async def cap(
    connection: asyncpg.Connection, definition: Definition, question: Question, cells: Mapping[Cell, Sum]
) -> None:
    """Put capped values in place of those that were summed up, for each metric that has a cap."""
    layout = Layout([len(measure.columns) for measure in definition.measures.values()])
    for place, (column, percentile) in _caps(definition).items():
        asked = (question.site_id, definition.key, definition.phase)
        exposed = question.population is Population.EXPOSED
        of_column = (*asked, exposed, column + 1)
        limit = await connection.fetchval(_HIGHEST, *of_column, percentile, timeout=LONG_S)
        given = (*of_column, limit)
        places = layout.first_column(place)
        rows = await connection.fetch(_EVERYBODY, *given, timeout=LONG_S)
        _put(cells, definition.phase, "", places, rows)
        if question.by in _CUT:
            rows = await connection.fetch(_CUT[question.by], *given, timeout=LONG_S)
            _put(cells, definition.phase, question.by, places, rows)


def capped_columns(definition: Definition) -> Iterable[tuple[int, float]]:
    """Name the columns that have a cap, each with its percentile."""
    return _caps(definition).values()


def _caps(definition: Definition) -> dict[int, tuple[int, float]]:
    """Tell by the place of each capped metric its first column, and its percentile."""
    columns = [len(measure.columns) for measure in definition.measures.values()]
    plans = [plan for plan in definition.metrics if plan.measure is not None]
    return {
        place: (first, plan.metric.cap.percentile)
        for place, (plan, first) in enumerate(zip(plans, (0, *accumulate(columns)), strict=False))
        if plan.metric is not None and plan.metric.cap is not None
    }


def _put(
    cells: Mapping[Cell, Sum], phase: int, cut: str, places: Sequence[int], rows: Sequence[asyncpg.Record]
) -> None:
    emptied = set()
    for value, arm, day, exposed, *sums in rows:
        # Several of the values that visitors say may be one cell.
        cell = Cell(phase, cut, said(cut, value), arm, day, exposed)
        moments = cells[cell].moments
        for i, total in zip(places, sums, strict=False):
            moments[i] = decimal_of(total) + (moments[i] if cell in emptied else 0)
        emptied.add(cell)
