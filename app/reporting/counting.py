"""From cells to tallies: everybody, those whose windows have closed, and each cut."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, groupby

import asyncpg

from app.reporting.capped import cap
from app.reporting.definition import Definition
from app.reporting.question import CutBy, Population, Question
from app.reporting.rollup import is_summed, load_cells, sums_of
from app.reporting.sums import Cell, Sum
from app.reporting.tally import Tally

_DAY = timedelta(days=1)
Cells = Iterable[tuple[Cell, Sum]]


class Counted:
    """What was counted: everyone, those whose windows have closed, and each cut.

    A unit is complete once the day on which it was first assigned is over, and its longest window since.
    """

    def __init__(self, definition: Definition, now: datetime) -> None:
        self._columns = {key: len(measure.columns) for key, measure in definition.measures.items()}
        self._arms = tuple(definition.shares)
        self._closed_before = now - definition.window - _DAY
        self.everyone = self._tally()
        self.complete = self._tally()
        self.exposed = dict.fromkeys(self._arms, 0)
        self.cuts: dict[str | None, Tally] = {}
        self.by_day: Counter[date] = Counter()
        self.complete_by_day: Counter[date] = Counter()

    @property
    def looks(self) -> list[int]:
        """How many units were complete at the end of each day that brought some."""
        return list(accumulate(units for _, units in sorted(self.complete_by_day.items())))

    def add_day(self, cell: Cell, found: Sum) -> None:
        """Take in units of one day."""
        self.everyone.add(cell.arm, found)
        self.by_day[cell.day] += found.units
        self.exposed[cell.arm] = self.exposed.get(cell.arm, 0) + found.units * cell.exposed
        if datetime.combine(cell.day, time(), UTC) <= self._closed_before:
            self.complete.add(cell.arm, found)
            self.complete_by_day[cell.day] += found.units

    def add_cut(self, cell: Cell, found: Sum) -> None:
        """Take in units that are cut out."""
        value = cell.value or None
        if value not in self.cuts:
            self.cuts[value] = self._tally()
        self.cuts[value].add(cell.arm, found)

    def cut_by_day(self, cells: Cells) -> None:
        """Make a cut of each day: all units up to then, as a chart shows them."""
        so_far = self._tally()
        for day, of_day in groupby(sorted(cells, key=lambda one: one[0].day), key=lambda one: one[0].day):
            so_far = so_far.copy()
            for cell, found in of_day:
                so_far.add(cell.arm, found)
            self.cuts[day.isoformat()] = so_far

    def _tally(self) -> Tally:
        return Tally(self._arms, self._columns)


def counted(definition: Definition, question: Question, cells: Cells, now: datetime) -> Counted:
    """Count what a question is about, of one phase, as of now."""
    found = Counted(definition, now)
    asked = [
        (cell, one)
        for cell, one in cells
        if cell.phase == definition.phase and (cell.exposed or question.population is Population.ASSIGNED)
    ]
    days = [(cell, one) for cell, one in asked if not cell.cut]
    for cell, one in days:
        found.add_day(cell, one)
    if question.by is CutBy.DAY:
        found.cut_by_day(days)
    for cell, one in asked:
        if cell.cut and cell.cut == question.by:
            found.add_cut(cell, one)
    return found


async def count(
    connection: asyncpg.Connection, definition: Definition, question: Question, now: datetime
) -> Counted:
    """Read the sums of one phase, from raw rows where nobody has summed these metrics up yet."""
    site = question.site_id
    if not await is_summed(connection, site, definition):
        cells = (await sums_of(connection, site, definition)).by_cell
    else:
        cells = await load_cells(connection, site, definition, ["", question.by or ""])
        await cap(connection, definition, question, cells)
    return counted(definition, question, cells.items(), now)
