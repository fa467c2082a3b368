"""What rules and segments ask of a visitor, gathered into questions: none is put twice.

There is one for each attribute, whatever it is compared with, and one for each condition, schedule or purpose
of another kind, however many share it. An answer rules out all at once that it does not suit.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

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

# So many sets of segments are remembered with what they leave; with 10,000 rules each takes 1.3 KB.
_COMBINATIONS = 1_024

Reader: TypeAlias = Callable[[Visitor], Any]
Question: TypeAlias = Callable[[Visitor], int]
"""Answers with the rules that it leaves. A set of rules is an integer; the first rule is its highest bit."""


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


class _Segments(_Attribute):
    """All that rules compare the segments with, which many visitors have in common."""

    def question(self, everything: int) -> Steps[Question]:
        question = yield from super().question(everything)
        known: dict[tuple[str, ...], int] = {}

        def rules_left(visitor: Visitor) -> int:
            segments = tuple(visitor.segments)
            left = known.get(segments)
            if left is None:
                if len(known) >= _COMBINATIONS:
                    known.clear()
                left = known[segments] = question(visitor)
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


class _Asked(NamedTuple):
    """What one rule or segment asks, each once and in order: attributes first, as they rule out the most."""

    attributes: dict[_Attribute, None]
    checks: dict[_Check, None]

    @property
    def parts(self) -> "tuple[_Attribute | _Check, ...]":
        return (*self.attributes, *self.checks)


class Gathering:
    """What a site's rules or segments ask, as it is being gathered."""

    def __init__(self, count: int) -> None:
        self.everything = (1 << count) - 1
        self._attributes: dict[str, _Attribute] = {}
        self._checks: dict[Hashable, _Check] = {}
        self._named: dict[Hashable, Conjunct] = {}
        self._entries: dict[Conjunct, tuple[_Attribute, object] | None] = {}
        self._keys: dict[Conjunct, Hashable] = {}
        self._asked_by: list[_Asked] = []

    def ask(self, place: int, conjuncts: Iterable[Conjunct]) -> "_Asked":
        """Add what must hold all at once; `place` is that of the bit of whatever asks for it."""
        asked = _Asked({}, {})
        for conjunct in conjuncts:
            attribute = self._attribute(place, conjunct)
            if attribute is not None:
                asked.attributes[attribute] = None
            else:
                asked.checks[self._shared(place, conjunct)] = None
        self._asked_by.append(asked)
        return asked

    def add(self, place: int, rule: Rule, conjuncts: Sequence[Conjunct], zone: ZoneInfo) -> None:
        """Add what a rule asks, in the site's zone."""
        asked = self.ask(place, (*self._named_by(rule.audience), *conjuncts))
        for purpose in rule.consent:
            asked.checks[self._check(place, purpose, partial(_grants, purpose))] = None
        if rule.schedule is not None:
            self._schedule(place, rule.schedule, asked, zone)

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
            questions.append(tuple([laid_out[part] for part in asked.parts]))
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
            kind = _Segments if path == "segments" else _Attribute
            self._attributes[path] = kind(path_of(path, Place("", [])).reader())
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

    def _schedule(self, place: int, schedule: Schedule, asked: "_Asked", zone: ZoneInfo) -> None:
        for operator, instant in (("$gte", schedule.starts_at), ("$lt", schedule.ends_at)):
            if instant is not None:
                now = self._attributes.setdefault(_NOW, _Attribute(_instant))
                now.take(place, operator, microseconds_of(instant))
                asked.attributes[now] = None
        if schedule.windows:
            windows = Schedule(timezone=schedule.timezone, windows=schedule.windows)
            asked.checks[self._check(place, windows, lambda: _in_force(windows, zone))] = None


_NOW = ""
"""Stands for the instant of the decision among the attributes, none of which has an empty path."""


def _instant(visitor: Visitor) -> int:
    return microseconds_of(visitor.now)


def _grants(purpose: str) -> Predicate:
    return lambda visitor, _now: purpose in visitor.standing.consent


def _in_force(schedule: Schedule, zone: ZoneInfo) -> Predicate:
    in_force = compile_schedule(schedule, zone)
    return lambda _visitor, now: in_force(now)
