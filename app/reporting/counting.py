"""From rows to tallies: each unit is valued by every measure and counted once."""

from datetime import datetime

import asyncpg
import msgspec

from app.reporting.definition import Definition
from app.reporting.measure import Happened
from app.reporting.merged import find_merged
from app.reporting.queries import UnitRow, Wanted, stream_units
from app.reporting.question import Population, Question
from app.reporting.tally import Tally

_EVENTS = msgspec.json.Decoder(list[Happened])


class _Unit(msgspec.Struct, frozen=True):
    """A unit under way: its first row, and what its events are worth so far by each measure."""

    row: UnitRow
    totals: list[float]


class Counted:
    """What was counted: everyone, those whose windows have closed, and each cut; `crossed` had two arms."""

    def __init__(self, definition: Definition, now: datetime) -> None:
        self._arms = tuple(definition.shares)
        self._measures = definition.measures
        self._closed_before = now - definition.window
        self._unit: _Unit | None = None
        self.everyone = self._tally()
        self.complete = self._tally()
        self.cuts: dict[str | None, Tally] = {}
        self.crossed = 0

    def add(self, row: UnitRow) -> None:
        """Take in one row; the rows of one unit follow one another."""
        if self._unit is None or self._unit.row.unit != row.unit:
            self.finish()
            self._unit = _Unit(row, [0] * len(self._measures))
        for event in _EVENTS.decode(row.events) if row.events is not None else ():
            for i, measure in enumerate(self._measures.values()):
                self._unit.totals[i] += measure.worth_of(event, row.first_at)

    def finish(self) -> None:
        """Count the unit whose rows came last."""
        if self._unit is None:
            return
        row, totals = self._unit.row, self._unit.totals
        values = [measure.value_of(x) for measure, x in zip(self._measures.values(), totals, strict=True)]
        self.everyone.add(row.arm, values)
        self.crossed += row.crossed
        if row.first_at <= self._closed_before:
            self.complete.add(row.arm, values)
        for value in set(row.cuts or ()):
            if value not in self.cuts:
                self.cuts[value] = self._tally()
            self.cuts[value].add(row.arm, values)
        self._unit = None

    def _tally(self) -> Tally:
        return Tally(self._arms, self._measures)


async def count(
    connection: asyncpg.Connection, definition: Definition, question: Question, now: datetime
) -> Counted:
    """Read every unit of one phase and count it, as of now."""
    counted = Counted(definition, now)
    merged = await find_merged(connection, question.site_id)
    async for rows in stream_units(connection, _wanted(definition, question), merged):
        for row in rows:
            counted.add(row)
    counted.finish()
    return counted


def _wanted(definition: Definition, question: Question) -> Wanted:
    measures = definition.measures.values()
    return Wanted(
        site_id=question.site_id,
        experiment=definition.key,
        phase=definition.phase,
        by_user=definition.by_user,
        exposed=question.population is Population.EXPOSED,
        placements=definition.placements,
        by=question.by,
        names=sorted({measure.event for measure in measures}),
        read=sorted({measure.event for measure in measures if measure.reads_properties}),
        window=definition.window,
    )
