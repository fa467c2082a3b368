"""Results as a table for spreadsheets: a row for each metric and arm, overall and of each cut."""

import csv
import io
import json
import math
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from app.reporting.exports import Export
from app.reporting.report import ArmFigures, Comparison, MetricReport, Results

COLUMNS = (
    "experiment",
    "phase",
    "by",
    "value",
    "metric",
    "kind",
    "role",
    "arm",
    "units",
    "sum",
    "sum_of_squares",
    "mean",
    "other_currencies",
    "baseline",
    "difference",
    "interval_low",
    "interval_high",
    "relative",
    "relative_low",
    "relative_high",
    "p_value",
    "adjusted_p_value",
    "always_valid_p_value",
    "always_valid_low",
    "always_valid_high",
    "chance_to_win",
    "expected_loss",
    "significant",
)

# A cell that starts so is a formula to a spreadsheet, and visitors choose what some cells say.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | float | None
_NONE = (None, None)


def sheet_of(results: Results) -> str:
    """Write results as CSV (RFC 4180), with a line of column names; what has no figure is empty."""
    return _lines([COLUMNS, *([_cell(cell) for cell in row] for row in _rows(results))])


async def lines_of(export: Export) -> AsyncIterator[str]:
    """Write exported rows as CSV, a piece at a time; a list is one cell, as JSON."""
    yield _lines([list(export.columns)])
    async for rows in export.pieces:
        yield _lines([[_plain(value) for value in row] for row in rows])


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list():
            return json.dumps(value, ensure_ascii=False)
        case bool():
            return str(value).lower()
        case _:
            return _cell(value)


def _rows(results: Results) -> Iterator[Sequence[Cell]]:
    of: tuple[Cell, ...] = (results.experiment, results.phase)
    for metric in results.metrics:
        yield from _metric_rows((*of, None, None), metric)
    for cut in results.cuts:
        for metric in cut.metrics:
            yield from _metric_rows((*of, cut.by, cut.value), metric)


def _metric_rows(of: Sequence[Cell], metric: MetricReport) -> Iterator[Sequence[Cell]]:
    comparisons = {comparison.arm: comparison for comparison in metric.comparisons}
    for figures in metric.arms:
        comparison = comparisons.get(figures.arm)
        yield (*of, metric.metric, metric.kind, metric.role, *_figures(figures), *_comparison(comparison))


def _figures(arm: ArmFigures) -> tuple[Cell, ...]:
    return arm.arm, arm.units, arm.sum, arm.sum_of_squares, arm.mean, arm.other_currencies


def _comparison(comparison: Comparison | None) -> tuple[Cell, ...]:
    if comparison is None:
        return (None,) * (len(COLUMNS) - COLUMNS.index("baseline"))
    always = comparison.always_valid
    return (
        comparison.baseline,
        comparison.difference,
        *(comparison.interval or _NONE),
        comparison.relative,
        *(comparison.relative_interval or _NONE),
        comparison.p_value,
        comparison.adjusted_p_value,
        always.p_value,
        *(always.interval or _NONE),
        comparison.chance_to_win,
        comparison.expected_loss,
        str(comparison.significant).lower(),
    )


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return "'" + cell if cell.startswith(_FORMULA_STARTS) else cell
    return cell if cell is not None and math.isfinite(cell) else None
