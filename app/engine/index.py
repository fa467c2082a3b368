"""Which rules address a visitor, found without asking each of them.

What rules ask is gathered into questions: one for each attribute, whatever the rules compare it with, and one
for each condition, schedule or purpose of another kind, however many rules share it. An answer rules out all
rules that it does not suit at once. The first rule left says what to ask next, and nothing is asked twice.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from app.engine.conditions import Predicate, compile_condition
from app.engine.conjuncts import Conjunct, identity_of
from app.engine.instants import microseconds_of
from app.engine.model import Audience, Rule, Schedule
from app.engine.paths import path_of
from app.engine.places import Place
from app.engine.schedule import compile_schedule
from app.engine.tables import Table, operand_of, table_of, takes_one
from app.engine.visitor import Visitor
from app.kit.steps import Steps, letting_go

Reader: TypeAlias = Callable[[Visitor], Any]
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

    def first_at(self, placement: str, behind: int = -1) -> int | None:
        """Find the first rule behind another that addresses the visitor at a placement; None where none does.

        Rules are numbered in their order: the first of all is 0, and nothing stands before those behind -1.
        """
        questions, asked, visitor = self._index.questions, self._asked, self._visitor
        left = self._left & self._index.placements.get(placement, 0)
        if behind >= 0:
            left &= (1 << len(questions) - 1 - behind) - 1
        while top := left.bit_length():
            for question in questions[-top]:
                if question not in asked:
                    asked.add(question)
                    answer = question(visitor)
                    self._left &= answer
                    left &= answer
                    if left.bit_length() != top:
                        break
            else:
                return len(questions) - top
        return None


def indexing(rules: Sequence[tuple[Rule, Sequence[Conjunct]]], zone: ZoneInfo) -> Steps[RuleIndex]:
    """Index the sound rules of a site, each with the conjuncts of its condition; `zone` is the site's.

    They are given in the order in which they are asked.
    """
    gathering = _Gathering(len(rules), zone)
    placements: dict[str, int] = {}
    in_holdout = 0
    for place, (rule, conjuncts) in zip(reversed(range(len(rules))), rules, strict=True):
        gathering.add(place, rule, conjuncts)
        for placement in rule.placements:
            placements[placement] = placements.get(placement, 0) | 1 << place
        in_holdout |= rule.in_holdout << place
        yield
    questions = yield from gathering.questions()
    return RuleIndex(questions, placements, in_holdout, gathering.everything)


class _Attribute:
    """All that rules compare one attribute with."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._asked: dict[str, dict[Any, int]] = {}
        self._last: dict[str, int] = {}

    def take(self, place: int, operator: str, operand: object) -> bool:
        """Take what a rule asks; False where the table has no room for it."""
        if takes_one(operator):
            if self._last.get(operator) == place:
                return False
            self._last[operator] = place
        asked = self._asked.setdefault(operator, {})
        asked[operand] = asked.get(operand, 0) | 1 << place
        return True

    def question(self, everything: int) -> Steps[Question]:
        read = self._read
        tables: list[Table] = []
        for operator, asked in self._asked.items():
            tables.append((yield from table_of(operator, asked, everything)))
            yield from letting_go(asked)
        first, *more = tables
        if not more:
            return lambda visitor: first(read(visitor))

        def rules_left(visitor: Visitor) -> int:
            value = read(visitor)
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
        self._named: dict[Hashable, Conjunct] = {}
        self._entries: dict[Conjunct, tuple[_Attribute, object] | None] = {}
        self._keys: dict[Conjunct, Hashable] = {}
        self._asked_by: list[tuple[_Attribute | _Check, ...]] = []

    def add(self, place: int, rule: Rule, conjuncts: Sequence[Conjunct]) -> None:
        """Add what a rule asks; `place` is that of its bit."""
        # A dict keeps each once, in order. Attributes come first, since an answer there rules out the most.
        attributes: dict[_Attribute, None] = {}
        checks: dict[_Check, None] = {}
        for conjunct in (*self._named_by(rule.audience), *conjuncts):
            attribute = self._attribute(place, conjunct)
            if attribute is not None:
                attributes[attribute] = None
            else:
                checks[self._shared(place, conjunct)] = None
        for purpose in rule.consent:
            checks[self._check(place, purpose, partial(_grants, purpose))] = None
        if rule.schedule is not None:
            self._schedule(place, rule.schedule, attributes, checks)
        self._asked_by.append((*attributes, *checks))

    def questions(self) -> Steps[list[tuple[Question, ...]]]:
        """Lay everything out, list what each rule asks, and forget the rest."""
        laid_out: dict[_Attribute | _Check, Question] = {}
        for attribute in self._attributes.values():
            laid_out[attribute] = yield from attribute.question(self.everything)
        for check in self._checks.values():
            laid_out[check] = check.question(self.everything)
            yield
        questions = []
        for asked in self._asked_by:
            questions.append(tuple([laid_out[part] for part in asked]))
            yield
        yield from letting_go(laid_out, self._asked_by, self._checks, self._entries, self._keys, self._named)
        return questions

    def _named_by(self, audience: Audience) -> Iterator[Conjunct]:
        """List the stages and segments of an audience as a condition would ask for them."""
        if audience.stages:
            yield self._naming("stage", "$in", audience.stages)
        if audience.segments:
            yield self._naming("segments", "$in", audience.segments)
        if audience.not_segments:
            yield self._naming("segments", "$nin", audience.not_segments)

    def _naming(self, path: str, operator: str, names: tuple[str, ...]) -> Conjunct:
        """Give rules that name the same one and the same conjunct."""
        key = (path, operator, names)
        if key not in self._named:
            self._named[key] = Conjunct(path, operator, list(names))
        return self._named[key]

    def _attribute(self, place: int, conjunct: Conjunct) -> _Attribute | None:
        """Enter a conjunct into the tables of its attribute; None where they have no room for it."""
        if conjunct not in self._entries:
            self._entries[conjunct] = self._entry(conjunct)
        entry = self._entries[conjunct]
        if entry is not None:
            attribute, operand = entry
            if attribute.take(place, conjunct.operator, operand):
                return attribute
        return None

    def _entry(self, conjunct: Conjunct) -> tuple[_Attribute, object] | None:
        operand, path = operand_of(conjunct), conjunct.path
        if operand is None:
            return None
        if path not in self._attributes:
            self._attributes[path] = _Attribute(path_of(path, Place("", [])).reader())
        return self._attributes[path], operand

    def _shared(self, place: int, conjunct: Conjunct) -> _Check:
        condition = conjunct.condition()
        if conjunct not in self._keys:
            self._keys[conjunct] = identity_of(condition)
        return self._check(place, self._keys[conjunct], lambda: compile_condition(condition))

    def _check(self, place: int, key: Hashable, predicate: Callable[[], Predicate]) -> _Check:
        if key not in self._checks:
            self._checks[key] = _Check(predicate())
        self._checks[key].rules |= 1 << place
        return self._checks[key]

    def _schedule(
        self,
        place: int,
        schedule: Schedule,
        attributes: dict[_Attribute, None],
        checks: dict[_Check, None],
    ) -> None:
        for operator, instant in (("$gte", schedule.starts_at), ("$lt", schedule.ends_at)):
            if instant is not None:
                now = self._attributes.setdefault(_NOW, _Attribute(_instant))
                now.take(place, operator, microseconds_of(instant))
                attributes[now] = None
        if schedule.windows:
            windows = Schedule(timezone=schedule.timezone, windows=schedule.windows)
            checks[self._check(place, windows, lambda: _in_force(windows, self._zone))] = None


_NOW = ""
"""Stands for the instant of the decision among the attributes, none of which has an empty path."""


def _instant(visitor: Visitor) -> int:
    return microseconds_of(visitor.now)


def _grants(purpose: str) -> Predicate:
    return lambda visitor, _now: purpose in visitor.standing.consent


def _in_force(schedule: Schedule, zone: ZoneInfo) -> Predicate:
    in_force = compile_schedule(schedule, zone)
    return lambda _visitor, now: in_force(now)
