"""Which rules address a visitor, found without asking each of them.

What rules ask is gathered into questions: one for each attribute, whatever the rules compare it with, and one
for each condition, schedule or purpose of another kind, however many rules share it. An answer rules out all
rules that it does not suit at once. The first rule left says what to ask next, and nothing is asked twice.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from app.engine.conditions import Predicate, compile_condition
from app.engine.conjuncts import Conjunct, audience_of, identity_of
from app.engine.instants import microseconds_of
from app.engine.model import Rule, Schedule
from app.engine.paths import path_of
from app.engine.places import Place
from app.engine.schedule import compile_schedule
from app.engine.tables import operand_of, table_of, takes_one
from app.engine.visitor import Visitor

Question: TypeAlias = Callable[[Visitor], int]
"""Answers with the rules that it leaves. A set of rules is an integer; the first rule is its highest bit."""


class RuleIndex(msgspec.Struct, frozen=True):
    """Rules in the order in which they are asked: what each asks, and which stand at a placement."""

    questions: Sequence[tuple[Question, ...]]
    placements: Mapping[str, int]
    in_holdout: int
    everything: int


class Search:
    """The rules that address one visitor; what one placement has found out the next need not ask."""

    def __init__(self, index: RuleIndex, visitor: Visitor, *, held_out: bool) -> None:
        self._index = index
        self._visitor = visitor
        self._left = index.in_holdout if held_out else index.everything
        self._asked: set[Question] = set()

    def at(self, placement: str) -> Iterator[int]:
        """Number the rules that address the visitor at a placement, in order; the first of all rules is 0."""
        questions, asked = self._index.questions, self._asked
        left = self._left & self._index.placements.get(placement, 0)
        while left:
            top = left.bit_length()
            for question in questions[-top]:
                if question not in asked:
                    asked.add(question)
                    answer = question(self._visitor)
                    self._left &= answer
                    left &= answer
                    if left.bit_length() != top:
                        break
            else:
                yield len(questions) - top
                left ^= 1 << (top - 1)


def index_of(rules: Sequence[Rule], zone: ZoneInfo) -> RuleIndex:
    """Index the sound rules of a site, given in the order in which they are asked; `zone` is the site's."""
    gathering = _Gathering(len(rules), zone)
    placements: dict[str, int] = {}
    in_holdout = 0
    for place, rule in zip(reversed(range(len(rules))), rules, strict=True):
        gathering.add(place, rule)
        for placement in rule.placements:
            placements[placement] = placements.get(placement, 0) | 1 << place
        in_holdout |= rule.in_holdout << place
    return RuleIndex(gathering.questions(), placements, in_holdout, gathering.everything)


class _Attribute:
    """All that rules compare one attribute with."""

    def __init__(self, read: Callable[..., Any]) -> None:
        self._read = read
        self._asked: dict[str, list[tuple[int, Any]]] = {}

    def take(self, place: int, operator: str, operand: object) -> bool:
        """Take what a rule asks; False where the table has no room for it."""
        asked = self._asked.setdefault(operator, [])
        if takes_one(operator) and asked and asked[-1][0] == place:
            return False
        asked.append((place, operand))
        return True

    def question(self, everything: int) -> Question:
        read = self._read
        first, *more = [table_of(operator, asked, everything) for operator, asked in self._asked.items()]

        def rules_left(visitor: Visitor) -> int:
            value = read(visitor, visitor.now)
            left = first(value)
            for table in more:
                left &= table(value)
            return left

        return rules_left


class _Check:
    """What rules ask word for word alike."""

    def __init__(self, holds: Predicate) -> None:
        self._holds = holds
        self.rules = 0

    def question(self, everything: int) -> Question:
        holds, others = self._holds, everything & ~self.rules
        return lambda visitor: everything if holds(visitor, visitor.now) else others


class _Gathering:
    """What a site's rules ask, as it is being gathered."""

    def __init__(self, count: int, zone: ZoneInfo) -> None:
        self.everything = (1 << count) - 1
        self._zone = zone
        self._attributes: dict[str, _Attribute] = {}
        self._checks: dict[Hashable, _Check] = {}
        self._asked_by: list[list[_Attribute | _Check]] = []

    def add(self, place: int, rule: Rule) -> None:
        """Add what a rule asks; `place` is that of its bit."""
        asked = [self._condition(place, conjunct) for conjunct in audience_of(rule.audience)]
        asked += [self._check(place, purpose, partial(_grants, purpose)) for purpose in rule.consent]
        if rule.schedule is not None:
            asked += self._schedule(place, rule.schedule)
        # Attributes come first, since an answer there rules out the most.
        self._asked_by.append(sorted(dict.fromkeys(asked), key=lambda part: isinstance(part, _Check)))

    def questions(self) -> list[tuple[Question, ...]]:
        """Lay everything out, and list what each rule asks."""
        parts: list[_Attribute | _Check] = [*self._attributes.values(), *self._checks.values()]
        laid_out = {part: part.question(self.everything) for part in parts}
        return [tuple(laid_out[part] for part in asked) for asked in self._asked_by]

    def _condition(self, place: int, conjunct: Conjunct) -> _Attribute | _Check:
        operand = operand_of(conjunct)
        if operand is not None:
            attribute = self._attribute(conjunct.path)
            if attribute.take(place, conjunct.operator, operand):
                return attribute
        condition = conjunct.condition()
        return self._check(place, identity_of(condition), lambda: compile_condition(condition))

    def _attribute(self, path: str) -> _Attribute:
        if path not in self._attributes:
            self._attributes[path] = _Attribute(path_of(path, Place("", [])).bind(_given))
        return self._attributes[path]

    def _check(self, place: int, key: Hashable, predicate: Callable[[], Predicate]) -> _Check:
        if key not in self._checks:
            self._checks[key] = _Check(predicate())
        self._checks[key].rules |= 1 << place
        return self._checks[key]

    def _schedule(self, place: int, schedule: Schedule) -> Iterator[_Attribute | _Check]:
        for operator, instant in (("$gte", schedule.starts_at), ("$lt", schedule.ends_at)):
            if instant is not None:
                now = self._attributes.setdefault(_NOW, _Attribute(_instant))
                now.take(place, operator, microseconds_of(instant))
                yield now
        if schedule.windows:
            windows = Schedule(timezone=schedule.timezone, windows=schedule.windows)
            yield self._check(place, windows, lambda: _in_force(windows, self._zone))


_NOW = ""
"""Stands for the instant of the decision among the attributes, none of which has an empty path."""


def _instant(_visitor: Visitor, now: datetime) -> int:
    return microseconds_of(now)


def _given(value: Any, _now: object) -> Any:
    return value


def _grants(purpose: str) -> Predicate:
    return lambda visitor, _now: purpose in visitor.standing.consent


def _in_force(schedule: Schedule, zone: ZoneInfo) -> Predicate:
    in_force = compile_schedule(schedule, zone)
    return lambda _visitor, now: in_force(now)
