"""Units as they count: how each was first assigned, and what it did, in numbers."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.reporting.definition import Definition
from app.reporting.measure import Column, Happened

# So fine are a unit's numbers: squares of any finer have more digits than exact sums hold beside large ones.
DECIMALS = 12

_decode = msgspec.json.Decoder(list[Happened]).decode


class Unit(msgspec.Struct, frozen=True):
    """A unit as it was first assigned.

    `visitor` is who it was then. `crossed`: it was given more than one arm. `exposed`: a page reported that
    it was shown one.
    """

    unit: str
    visitor: str
    phase: int
    arm: str
    first_at: datetime
    crossed: bool
    exposed: bool
    stage: str | None
    segments: Sequence[str]
    device: str | None
    country: str | None


class UnitRow(Unit, frozen=True):
    """A unit with some of its events as JSON (None: it has none that may count)."""

    events: str | None


class Facts(Unit, frozen=True):
    """A unit as it counts. `worth` has a number for each column of each metric, in the definition's order.

    Numbers have at most 12 decimals, so that what is taken out of sums leaves nothing behind.
    """

    worth: Sequence[float]


class Valuer:
    """Values units, row by row. The rows of one unit follow one another; each brings some of its events."""

    def __init__(self, definition: Definition) -> None:
        self._columns = columns_of(definition)
        self._row: UnitRow | None = None
        self._totals: list[float] = []

    def take(self, rows: Iterable[UnitRow]) -> Iterator[Facts]:
        """Take in rows; answers each unit that ends with them."""
        for row in rows:
            if self._row is None or self._row.unit != row.unit:
                yield from self.rest()
                self._totals = [0.0] * len(self._columns)
            self._row = row
            if row.events is not None:
                self._add(row.events, row.first_at)

    def rest(self) -> Iterator[Facts]:
        """Answer the unit whose rows came last."""
        if self._row is not None:
            row, pairs = self._row, zip(self._totals, self._columns, strict=True)
            worth = [min(round(total, DECIMALS), column.at_most) if total else 0.0 for total, column in pairs]
            yield Facts(*_assigned(row), worth)  # type: ignore[call-arg] # it cannot tell how many there are
            self._row = None

    def _add(self, events: str, first_at: datetime) -> None:
        for event in _decode(events):
            for i, column in enumerate(self._columns):
                self._totals[i] += column.worth_of(event, first_at)


def columns_of(definition: Definition) -> list[Column]:
    """List the columns of all metrics that are measured."""
    return [column for measure in definition.measures.values() for column in measure.columns]


def _assigned(row: UnitRow) -> tuple[Any, ...]:
    """Take what facts and rows have in common, in the order of their fields."""
    return msgspec.structs.astuple(row)[:-1]
