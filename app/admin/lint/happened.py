"""When and how often a visitor did something, as the solver sees it."""

from collections.abc import Iterator

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.attribute import Attribute
from app.admin.lint.texts import Formula
from app.engine.counters import RECENT_LIMIT
from app.engine.event_attributes import NEVER_DAYS

_DAY = 86_400 * 1_000_000


class Happened:
    """The events of one name: how many, the first and the last of them; instants are in microseconds."""

    def __init__(self, name: str, count: Attribute | None, now: Formula) -> None:
        self.count = z3.Int(f"count of {name}") if count is None else count.number
        self.ever = self.count >= 1
        # The engine keeps whole milliseconds.
        self.first = z3.Int(f"first {name}") * 1_000
        self.last = z3.Int(f"last {name}") * 1_000
        self._now = now

    def facts(self) -> Iterator[Formula]:
        """Say what is always so."""
        yield self.count >= 0
        yield z3.And(self.first >= 0, self.first <= self.last, self.last <= self._now)
        yield z3.Implies(self.count == 1, self.first == self.last)

    def within(self, days: int, number: Formula) -> Iterator[Formula]:
        """Say that so many of them happened in the last days."""
        since = self._now - days * _DAY
        yield (number >= 1) == z3.And(self.ever, self.last > since)
        yield z3.Implies(z3.And(self.ever, self.first <= since), number < self.count)
        # Of more than so many only the latest are counted exactly.
        most = z3.Or(number == self.count, number >= RECENT_LIMIT)
        yield z3.Implies(z3.And(self.ever, self.first > since), most)
        yield number <= self.count

    def days_since(self, number: Formula) -> Formula:
        """Say that the last of them was so many days ago."""
        return z3.If(self.ever, is_age(number, self._now - self.last), number == NEVER_DAYS)


def is_age(days: Formula, elapsed: Formula) -> Formula:
    """Say that so many whole days have elapsed; `elapsed` is in microseconds."""
    return z3.And(days * _DAY <= elapsed, elapsed < (days + 1) * _DAY)
