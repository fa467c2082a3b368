"""Whether what was answered is in PostgreSQL, each exactly once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from time import monotonic
from typing import TypeVar

import asyncpg
import msgspec

from app.storage.postgres import dsn_of
from loadtests.answers import Assignment

WITHIN_S = 60
_LOOK_EVERY_S = 1
_ROWS_AT_ONCE = 5_000

_Key = TypeVar("_Key")

# A decision's id and what it said; an id and an experiment make one assignment.
Assigned = Mapping[str, Collection[Assignment]]
AssignmentRow = tuple[str, str, str, int]


class Comparison(msgspec.Struct, frozen=True):
    """What was answered against what is stored.

    `stored` counts the rows of what was answered, `surplus` those of a decision that did not answer them,
    `different` those that are stored once but say another arm or phase.
    """

    answered: int
    stored: int
    missing: int = 0
    doubled: int = 0
    different: int = 0
    surplus: int = 0

    @property
    def exact(self) -> bool:
        """Whether everything answered is stored exactly once and nothing else."""
        return self.answered == self.stored and not (
            self.missing or self.doubled or self.different or self.surplus
        )


def compare_assignments(answered: Assigned, rows: Iterable[AssignmentRow]) -> Comparison:
    """Compare row by row; a row is (decision, experiment, arm, phase), and rows of other decisions pass."""
    expected = {
        (decision, given.experiment): (given.arm, given.phase)
        for decision, assignments in answered.items()
        for given in assignments
    }
    found: Counter[tuple[str, str]] = Counter()
    wrong: set[tuple[str, str]] = set()
    for decision, experiment, arm, phase in rows:
        if decision in answered:
            found[decision, experiment] += 1
            if expected.get((decision, experiment), (arm, phase)) != (arm, phase):
                wrong.add((decision, experiment))
    return _compared(expected.keys(), found, len(wrong))


def compare_events(answered: Collection[str], ids: Iterable[str]) -> Comparison:
    """Compare the ids of events that were answered with those stored; other ids pass."""
    expected = set(answered)
    return _compared(expected, Counter(id_ for id_ in ids if id_ in expected), 0)


def _compared(expected: Collection[_Key], found: Counter[_Key], different: int) -> Comparison:
    return Comparison(
        answered=len(expected),
        stored=found.total(),
        missing=sum(key not in found for key in expected),
        doubled=sum(found[key] > 1 for key in expected),
        different=different,
        surplus=sum(count for key, count in found.items() if key not in expected),
    )


class Store:
    """The database that the service stores into, read row by row."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def assignments(self, answered: Assigned) -> Comparison:
        """Compare the assignments of these decisions with what is stored now."""
        if not answered:
            return Comparison(0, 0)
        # A decision's id sorts by time, so its bounds spare the rows of other days.
        query = (
            "SELECT decision_id::text, experiment, arm, phase FROM assignments"
            " WHERE decision_id BETWEEN $1::text::uuid AND $2::text::uuid"
        )
        rows = [tuple(row) async for row in self._rows(query, min(answered), max(answered))]
        return compare_assignments(answered, rows)

    async def events(self, answered: Collection[str]) -> Comparison:
        """Compare the ids of these events with what is stored now."""
        if not answered:
            return Comparison(0, 0)
        query = 'SELECT id FROM events WHERE id COLLATE "C" BETWEEN $1 AND $2'
        rows = [row["id"] async for row in self._rows(query, min(answered), max(answered))]
        return compare_events(answered, rows)

    async def _rows(self, query: str, low: str, high: str) -> AsyncIterator[asyncpg.Record]:
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            async for row in self._connection.cursor(query, low, high, prefetch=_ROWS_AT_ONCE):
                yield row


async def settled(compare: Callable[[], Awaitable[Comparison]], within_s: float = WITHIN_S) -> Comparison:
    """Compare until nothing is missing any more or the time is over: storing lags behind answering."""
    deadline = monotonic() + within_s
    while True:
        comparison = await compare()
        if not comparison.missing or monotonic() > deadline:
            return comparison
        await asyncio.sleep(_LOOK_EVERY_S)


async def open_database(url: str) -> asyncpg.Connection:
    """Connect to the service's database; SQLAlchemy's way of naming the driver in the address is fine."""
    return await asyncpg.connect(dsn_of(url))
