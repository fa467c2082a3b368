"""One attribute of a visitor as the solver sees it: a value of some kind, and what each question makes of it.

Values that conditions name, and others worth trying, are known one by one: of each the engine itself says
what holds. Beyond them there are numbers, of which the solver knows all, and texts and arrays, of which it
knows some: what it does not know it leaves open, so that it may find too many visitors but never too few.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from typing import Any

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.arrays import Arrays
from app.admin.lint.domains import Domain, domain_of
from app.admin.lint.samples import known_values
from app.admin.lint.terms import Asks
from app.admin.lint.texts import Formula, Texts
from app.engine.equality import is_number
from app.engine.instants import duration_from_now, fixed_instant, instant_of, microseconds_of
from app.engine.orderings import COMPARISONS, Comparison, number_in
from app.engine.paths import MISSING

NUMBER, TEXT, ARRAY, OBJECT = -1, -2, -3, -4
_UNHEARD = "\ue000 nobody asks for this \ue001"
"""A text that stands for all that nobody names."""

# No text names an instant before or after these, whatever its zone, in microseconds.
_FIRST = microseconds_of(datetime(1, 1, 1, tzinfo=UTC)) - 2 * 86_400_000_000
_LAST = microseconds_of(datetime(9999, 12, 31, tzinfo=UTC)) + 2 * 86_400_000_000

_EQUALITIES = frozenset(("$eq", "$ne", "$in", "$nin", "$ini", "$nini"))
_NEGATED = frozenset(("$ne", "$nin", "$nini"))
_TIMES = {"$before": COMPARISONS["lt"], "$after": COMPARISONS["gt"]}
_ORDERINGS = {f"${name}": compare for name, compare in COMPARISONS.items()}


class Attribute:
    """What one visitor's attribute is, given all that is asked of it.

    `name` is its own among the attributes of a visitor; `now` is the instant, in microseconds.
    """

    def __init__(self, path: tuple[str, ...], asked: Sequence[Asks], name: str, now: Formula) -> None:
        self.domain = domain_of(path)
        self._now = now
        self._name = name
        self.known = list(known_values(self.domain, asked))
        self.pick = z3.Int(self._name)
        self.number = z3.Int(f"{self._name}#number") if self.domain.whole else z3.Real(f"{self._name}#number")
        self._time = z3.Real(f"{self._name}#time")
        instant = z3.Int(f"{self._name}#instant")
        # What the engine writes has milliseconds, what others write has microseconds.
        self.instant = instant * 1_000 if self.domain.instants else instant
        self.texts = Texts(name, asked, self.known)
        self.arrays = Arrays(name)

    def formula(self, ask: Asks) -> Formula:
        """Say when the answer to a question is yes."""
        cases = list(self._of_known(ask))
        for kind, holds in self._kinds(ask):
            cases.append(z3.And(self.pick == kind, holds))
        return z3.Or(cases)

    def facts(self) -> Iterator[Formula]:
        """Say what is always so; to be asked once every question has its formula."""
        kinds = [kind for kind, possible in _kinds_of(self.domain) if possible]
        yield z3.Or([z3.And(self.pick >= 0, self.pick < len(self.known)), *(self.pick == k for k in kinds)])
        if self.domain.low is not None:
            yield self.number >= self.domain.low
        if self.domain.high is not None:
            yield self.number <= self.domain.high
        # The engine takes a number for milliseconds, and rounds as it does so.
        gap = self._time - self.number * 1_000
        yield z3.And(_within(gap, self.number), _within(-gap, self.number))
        yield z3.And(self.instant >= _FIRST, self.instant <= _LAST)
        if self.domain.instants:
            yield z3.And(self.texts.is_instant, z3.Not(self.texts.is_numeric))
        yield from self.texts.facts()
        yield from self.arrays.facts()

    def is_plain(self) -> Formula:
        """Say that the value is known, a number, or something else that an example can have for sure."""
        if self.domain.instants:
            # What happened did so since 1970, and not in times to come.
            return z3.And(self.instant >= 0, self.instant <= self._now)
        return z3.And(self.pick != TEXT, self.pick != ARRAY, self._time == self.number * 1_000)

    def is_missing(self) -> Formula:
        """Say that there is no value, not even null."""
        return self._is_known(lambda value: value is MISSING)

    def may_hold_others(self) -> Formula:
        """Say that the value is an object, in which others can be found."""
        return z3.Or(self.pick == OBJECT, self._is_known(lambda value: type(value) is dict))

    def _of_known(self, ask: Asks) -> Iterator[Formula]:
        """Let the engine answer for what is known; what depends on the instant is a comparison with it."""
        relative = self._relative(ask)
        if relative is not None:
            for place, value in enumerate(self.known):
                if (instant := instant_of(value)) is not None:
                    yield z3.And(self.pick == place, _TIMES[ask.operator](exactly(instant), relative))
        elif ask.operator == "$elemMatch" and _depends_on_now(ask.operand):
            yield z3.And(self._is_known(lambda value: type(value) is list), self.arrays.formula(ask))
        else:
            yield self._is_known(lambda value: ask.holds({} if value is MISSING else {"x": value}))

    def _is_known(self, suits: Callable[[Any], bool]) -> Formula:
        """Say that the value is a known one that suits."""
        # What one list names stands side by side: thousands are a few spans.
        runs = groupby(range(len(self.known)), key=lambda place: suits(self.known[place]))
        spans = [list(run) for suit, run in runs if suit]
        return z3.Or([z3.And(self.pick >= span[0], self.pick <= span[-1]) for span in spans])

    def _kinds(self, ask: Asks) -> Iterator[tuple[int, Formula]]:
        if self.domain.numbers:
            yield NUMBER, self._of_number(ask)
        if self.domain.texts:
            yield TEXT, self._of_text(ask)
        if self.domain.arrays:
            yield ARRAY, self._of_array(ask)
        if self.domain.objects:
            yield OBJECT, z3.BoolVal(ask.holds({"x": {_UNHEARD: 0}}))

    def _of_number(self, ask: Asks) -> Formula:
        if ask.operator in _EQUALITIES:
            literals = (ask.operand,) if ask.operator in {"$eq", "$ne"} else ask.operand
            equal = z3.Or([self.number == exactly(literal) for literal in literals if is_number(literal)])
            return z3.Not(equal) if ask.operator in _NEGATED else equal
        if ask.operator in _ORDERINGS:
            return _compared(_ORDERINGS[ask.operator], self.number, _bound_of(ask.operand))
        if ask.operator in _TIMES:
            return _TIMES[ask.operator](self._time, self._time_of(ask))
        return z3.BoolVal(ask.holds({"x": 0}))

    def _of_text(self, ask: Asks) -> Formula:
        """Answer for a text that is none of the known ones."""
        operator, operand = ask.operator, ask.operand
        if operator in _ORDERINGS and type(operand) is not str:
            by_number = _compared(_ORDERINGS[operator], self.number, _bound_of(operand))
            return z3.And(self.texts.is_numeric, by_number)
        if operator in _TIMES:
            return z3.And(self.texts.is_instant, _TIMES[operator](self.instant, self._time_of(ask)))
        known = self.texts.formula(ask)
        return z3.BoolVal(ask.holds({"x": _UNHEARD})) if known is None else known

    def _of_array(self, ask: Asks) -> Formula:
        """Answer for an array by which of the literals are in it."""
        known = self.arrays.formula(ask)
        return z3.BoolVal(ask.holds({"x": [_UNHEARD]})) if known is None else known

    def _relative(self, ask: Asks) -> Formula | None:
        if ask.operator not in _TIMES:
            return None
        offset = duration_from_now(str(ask.operand))
        return None if offset is None else self._now + offset

    def _time_of(self, ask: Asks) -> Formula:
        relative = self._relative(ask)
        return fixed_instant(str(ask.operand)) if relative is None else relative


def exactly(number: float) -> Formula:
    """Write a number for the solver, to the last bit."""
    return z3.RealVal(str(Fraction(number)))


def _within(gap: Formula, number: Formula) -> Formula:
    """Bound what rounding makes of a thousand times a number, to more than it can be."""
    share = z3.RealVal("1/1000000000")
    return z3.Or(gap <= 1 + number * share, gap <= 1 - number * share)


def _depends_on_now(operand: Any) -> bool:
    """Whether somewhere inside something is compared with a duration from now."""
    if isinstance(operand, dict):
        return any(
            (key in _TIMES and type(inner) is str and duration_from_now(inner) is not None)
            or _depends_on_now(inner)
            for key, inner in operand.items()
        )
    return isinstance(operand, list) and any(map(_depends_on_now, operand))


def _compared(compare: Comparison, number: Formula, bound: float | None) -> Formula:
    return z3.BoolVal(False) if bound is None else compare(number, exactly(bound))


def _bound_of(operand: Any) -> float | None:
    """Read the operand of an ordering as what numbers are compared with."""
    return number_in(operand) if type(operand) is str else operand


def _kinds_of(domain: Domain) -> list[tuple[int, bool]]:
    return [(NUMBER, domain.numbers), (TEXT, domain.texts), (ARRAY, domain.arrays), (OBJECT, domain.objects)]
