"""What the solver knows of an array: which literals are in it, and how long it is."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.terms import Asks
from app.admin.lint.texts import Formula
from app.engine.conjuncts import identity_of
from app.engine.equality import is_number
from app.engine.orderings import COMPARISONS

_ELEMENTS = frozenset(("$in", "$nin", "$ini", "$nini", "$all", "$alli"))
_NEGATED = frozenset(("$nin", "$nini"))
_LENGTHS = {f"${name}": compare for name, compare in COMPARISONS.items()} | {
    "$eq": lambda one, other: one == other,
    "$ne": lambda one, other: one != other,
}
_LONGEST = 64


class Arrays:
    """One array. `name` is its own among those of a visitor."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.length = z3.Int(f"{name}#length")
        self._elements: dict[Hashable, tuple[Any, Formula]] = {}
        self._folded: dict[str, Formula] = {}

    def formula(self, ask: Asks) -> Formula | None:
        """Say when the answer to a question is yes; None where it is the same for all arrays."""
        operator, operand = ask.operator, ask.operand
        if operator in _ELEMENTS:
            has = [self._has(literal, fold=operator.endswith("i")) for literal in operand]
            if operator in {"$all", "$alli"}:
                return z3.And(has)
            return z3.Not(z3.Or(has)) if operator in _NEGATED else z3.Or(has)
        if operator not in {"$size", "$elemMatch"}:
            return None
        sized = self._sized(operand) if operator == "$size" else None
        return z3.Bool(f"{self._name}#{operator}{ask.identity!r}") if sized is None else sized

    def facts(self) -> Iterator[Formula]:
        """Say what is always so; to be asked once every question has its formula."""
        yield self.length >= 0
        if self._elements:
            # No two of them are equal.
            yield z3.Sum([z3.If(is_in, 1, 0) for _, is_in in self._elements.values()]) <= self.length
        yield from (z3.Implies(is_in, self.length >= 1) for is_in in self._folded.values())
        for element, is_in in self._elements.values():
            if type(element) is str and element.casefold() in self._folded:
                yield z3.Implies(is_in, self._folded[element.casefold()])

    def elements_in(self, holds: Callable[[Formula], bool], length: int, other: str) -> list[Any]:
        """List what is in the array, given which formulas hold; what is asked in any case, in another one.

        What is missing to the length is filled up with others.
        """
        listed = [element for element, is_in in self._elements.values() if holds(is_in)]
        spelled = {element.casefold() for element in listed if type(element) is str}
        others = (name for name, is_in in self._folded.items() if name not in spelled and holds(is_in))
        asked = {element for element, _ in self._elements.values() if type(element) is str}
        spellings = ([name.upper(), name.title(), name] for name in others)
        listed += [next((text for text in texts if text not in asked), texts[-1]) for texts in spellings]
        return listed + [other] * (min(length, _LONGEST) - len(listed))

    def _has(self, literal: Any, *, fold: bool) -> Formula:
        if fold and type(literal) is str:
            name = literal.casefold()
            return self._folded.setdefault(name, z3.Bool(f"{self._name}#has~{name}"))
        key = Fraction(literal) if is_number(literal) else identity_of(literal)
        if key not in self._elements:
            self._elements[key] = (literal, z3.Bool(f"{self._name}#has{len(self._elements)}"))
        return self._elements[key][1]

    def _sized(self, operand: Any) -> Formula | None:
        """Compare the length; None for what is asked of it in another way."""
        if type(operand) is int:
            return self.length == operand
        if _is_plain(operand):
            return z3.And([_LENGTHS[key](self.length, bound) for key, bound in operand.items()])
        return None


def _is_plain(operand: Mapping[str, Any]) -> bool:
    return all(key in _LENGTHS and type(bound) is int for key, bound in operand.items())
