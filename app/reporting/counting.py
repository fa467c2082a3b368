"""From cells to tallies: everybody, those whose windows have closed, those to judge by, and each cut."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, groupby

import asyncpg

from app.kit.slices import in_slices
from app.kit.steps import Steps
from app.reporting.capped import cap
from app.reporting.definition import Definition
from app.reporting.question import CutBy, Population, Question
from app.reporting.raw import raw_cells
from app.reporting.rollup import is_summed, load_cells
from app.reporting.sums import Cell, Sum
from app.reporting.tally import Tally

_DAY = timedelta(days=1)
Cells = Iterable[tuple[Cell, Sum]]


class Counted:
    """What was counted: everyone, those whose windows have closed, and each cut.

    A unit is complete once the day on which it was first assigned is over, and its longest window since.
    `judged` are the complete units that a verdict rests on. Where a number of them was planned, they are
    those of the first days that have so many: to test again with more would be another look.
    """

    def __init__(self, definition: Definition, now: datetime) -> None:
        self._columns = {key: len(measure.columns) for key, measure in definition.measures.items()}
        self._arms = tuple(definition.shares)
        self._closed_before = now - definition.window - _DAY
        self._planned = definition.planned
        self.everyone = self._tally()
        self.complete = self._tally()
        self.judged = self._tally()
        self.assigned = dict.fromkeys(self._arms, 0)
        self.exposed = dict.fromkeys(self._arms, 0)
        self.cuts: dict[str | None, Tally] = {}
        self.by_day: Counter[date] = Counter()
        self.complete_by_day: dict[date, int] = {}

    @property
    def looks(self) -> list[int]:
        """How many units were complete at the end of each day that brought some."""
        return list(accumulate(units for _, units in sorted(self.complete_by_day.items())))

    def add_days(self, cells: Cells, *, as_cuts: bool) -> Steps[None]:
        """Take in the units of all days, and with `as_cuts` make a cut of each: all units up to then."""
        so_far = self._tally()
        for day, of_day in groupby(sorted(cells, key=lambda one: one[0].day), key=lambda one: one[0].day):
            is_complete = datetime.combine(day, time(), UTC) <= self._closed_before
            is_judged = is_complete and (self._planned is None or self.judged.units < self._planned)
            tallies = [self.everyone]
            tallies += [self.complete] if is_complete else []
            tallies += [self.judged] if is_judged else []
            if as_cuts:
                so_far = self.cuts[day.isoformat()] = so_far.copy()
                tallies.append(so_far)
            for cell, found in of_day:
                self._add(cell, found, tallies)
                yield
            if is_complete:
                self.complete_by_day[day] = self.by_day[day]

    def _add(self, cell: Cell, found: Sum, tallies: Sequence[Tally]) -> None:
        for tally in tallies:
            tally.add(cell.arm, found)
        self.by_day[cell.day] += found.units

    def add_exposure(self, cell: Cell, found: Sum) -> None:
        """Take in who was given an arm and who was shown it, whichever of them is asked for."""
        self.assigned[cell.arm] = self.assigned.get(cell.arm, 0) + found.units
        self.exposed[cell.arm] = self.exposed.get(cell.arm, 0) + found.units * cell.exposed

    def add_cut(self, cell: Cell, found: Sum) -> None:
        """Take in units that are cut out."""
        value = cell.value or None
        if value not in self.cuts:
            self.cuts[value] = self._tally()
        self.cuts[value].add(cell.arm, found)

    def _tally(self) -> Tally:
        return Tally(self._arms, self._columns)


def counting(definition: Definition, question: Question, cells: Cells, now: datetime) -> Steps[Counted]:
    """Count what a question is about, of one phase, as of now."""
    found = Counted(definition, now)
    of_phase = [(cell, one) for cell, one in cells if cell.phase == definition.phase]
    for cell, one in of_phase:
        if not cell.cut:
            found.add_exposure(cell, one)
    everybody = question.population is Population.ASSIGNED
    asked = [(cell, one) for cell, one in of_phase if cell.exposed or everybody]
    days = [(cell, one) for cell, one in asked if not cell.cut]
    yield from found.add_days(days, as_cuts=question.by is CutBy.DAY)
    for cell, one in asked:
        if cell.cut and cell.cut == question.by:
            found.add_cut(cell, one)
            yield
    return found


async def count(
    connection: asyncpg.Connection, definition: Definition, question: Question, now: datetime
) -> Counted:
    """Read the sums of one phase, from raw rows where nobody has summed these metrics up yet."""
    site = question.site_id
    if not await is_summed(connection, site, definition):
        cells = await raw_cells(connection, definition, question)
    else:
        cells = await load_cells(connection, site, definition, ["", question.by or ""])
        await cap(connection, definition, question, cells)
    return await in_slices(counting(definition, question, cells.items(), now))
