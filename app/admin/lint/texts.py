"""What the solver knows of a text that nobody names: how it compares, and which patterns find it."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, TypeAlias

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

from app.admin.lint.plain import Plain, plain_in
from app.admin.lint.terms import Asks
from app.engine.orderings import COMPARISONS
from app.engine.versions import VersionKey, version_of

Formula: TypeAlias = Any
"""A term of the solver, whose library has no types."""

_ORDERINGS = {f"${name}": compare for name, compare in COMPARISONS.items()}
_PATTERNS = frozenset(("$regex", "$regexi"))
_VERSIONS = {f"$v{name}": compare for name, compare in COMPARISONS.items()} | {
    "$veq": lambda one, other: one == other,
    "$vne": lambda one, other: one != other,
}


class Texts:
    """One text. `name` is its own among those of a visitor; the known texts are others."""

    def __init__(self, name: str, asked: Sequence[Asks], known: Sequence[object]) -> None:
        self._name = name
        self._known = known
        self.is_numeric = z3.Bool(f"{name}#numeric")
        self.is_instant = z3.Bool(f"{name}#is_instant")
        self._rank = z3.Real(f"{name}#rank")
        bounds = {ask.operand for ask in asked if ask.operator in _ORDERINGS and type(ask.operand) is str}
        self._ranks = {text: place for place, text in enumerate(sorted(bounds))}
        self._is_version = z3.Bool(f"{name}#is_version")
        self._version = z3.Real(f"{name}#version")
        versions = {version_of(ask.operand) for ask in asked if ask.operator in _VERSIONS} - {None}
        self._versions: dict[VersionKey | None, int] = {
            version: place
            for place, version in enumerate(sorted(versions))  # type: ignore[type-var]  # None is none of them
        }
        self._plain: dict[Plain, Formula] = {}
        self._in_any_case: dict[str, dict[str, Formula]] = {}

    def formula(self, ask: Asks) -> Formula | None:
        """Say when the answer to a question is yes; None where it is the same for all these texts."""
        operator, operand = ask.operator, ask.operand
        if operator in _ORDERINGS and type(operand) is str:
            return _ORDERINGS[operator](self._rank, self._ranks[operand])
        if operator in _VERSIONS:
            compared = _VERSIONS[operator](self._version, self._versions[version_of(operand)])
            return z3.And(self._is_version, compared)
        if operator in {"$ini", "$nini"}:
            alike = z3.Or([self._spelled_as(text) for text in operand if type(text) is str])
            return z3.Not(alike) if operator == "$nini" else alike
        return self._found(operator, str(operand)) if operator in _PATTERNS else None

    def facts(self) -> Iterator[Formula]:
        """Say what is always so; to be asked once every question has its formula."""
        # What is none of the known texts is none of those that it is compared with.
        yield from (self._rank != place for place in self._ranks.values())
        for plain, found in self._plain.items():
            if plain.is_whole and not plain.fold and plain.text in self._known:
                yield z3.Not(found)
        for one, other in combinations(self._plain, 2):
            yield from _between(one, other, self._plain[one], self._plain[other])
        for cases in self._in_any_case.values():
            if len(cases) == len(_PATTERNS):
                yield z3.Implies(cases["$regex"], cases["$regexi"])

    def _found(self, operator: str, pattern: str) -> Formula:
        found = z3.Bool(f"{self._name}#{operator} {pattern}")
        plain = plain_in(operator, pattern)
        if plain is not None:
            return self._plain.setdefault(plain, found)
        return self._in_any_case.setdefault(pattern, {}).setdefault(operator, found)

    def _spelled_as(self, text: str) -> Formula:
        return z3.Bool(f"{self._name}#~{text.casefold()}")


def _between(one: Plain, other: Plain, has_one: Formula, has_other: Formula) -> Iterator[Formula]:
    if one.implies(other):
        yield z3.Implies(has_one, has_other)
    if other.implies(one):
        yield z3.Implies(has_other, has_one)
    if one.excludes(other):
        yield z3.Not(z3.And(has_one, has_other))
