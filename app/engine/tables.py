"""What many rules ask of one attribute, laid out so that its value finds all that may still hold.

A set of rules is an integer with one bit per rule. A table answers a value with the rules that it leaves,
those that do not ask among them; it holds exactly where the operator's check in operators.py does.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import and_, or_
from types import NoneType
from typing import Any, TypeAlias

from app.engine.conjuncts import Conjunct
from app.engine.equality import is_finite_number
from app.engine.membership import ARRAYS
from app.engine.orderings import number_of
from app.kit.steps import Steps

Table: TypeAlias = Callable[[Any], int]
Asked: TypeAlias = Mapping[Any, int]
"""What `operand_of` made of the operands, each with the rules that ask it."""

# True equals 1 in Python but not in JSON, so booleans get keys of their own.
_KEYED = frozenset({str, int, float, NoneType})
_TRUE, _FALSE, _NO_KEY = object(), object(), object()

# What comes after a plain beginning would need a pattern; escapes are those that paths need.
_BEGINNING = re.compile(r"\^((?:[A-Za-z0-9/_-]|\\[.-])*)", re.ASCII)


def operand_of(conjunct: Conjunct) -> object:
    """Turn the operand of a sound conjunct into what a table takes; None where no table can answer it."""
    operator, operand = conjunct.operator, conjunct.operand
    if operator in _VALUES:
        literals = operand if isinstance(operand, (list, tuple)) and operator in _LISTS else (operand,)
        keys = frozenset(map(_key_of, literals))
        return None if _NO_KEY in keys else keys
    if operator in _BOUNDS:
        return operand if is_finite_number(operand) else None
    beginning = _BEGINNING.fullmatch(str(operand)) if operator == "$regex" else None
    return beginning[1].replace("\\", "") if beginning is not None else None


def takes_one(operator: str) -> bool:
    """Tell the tables in which a rule can stand only once: those that look for rules that hold."""
    return operator in {"$eq", "$in", "$regex"}


def table_of(operator: str, asked: Asked, everything: int) -> Steps[Table]:
    """Lay out what rules ask with one operator; `everything` is the set of all rules."""
    if operator in _VALUES:
        return _VALUES[operator](asked, everything)
    if operator in _BOUNDS:
        find, fails_above = _BOUNDS[operator]
        return _bounds(asked, everything, find, fails_above=fails_above)
    return _beginnings(asked, everything)


def _key_of(value: object) -> object:
    if type(value) in _KEYED:
        return value
    if type(value) is bool:
        return _TRUE if value else _FALSE
    return _NO_KEY


def _by_key(asked: Mapping[Iterable[Any], int]) -> Steps[dict[Any, int]]:
    by_key: dict[Any, int] = {}
    for keys, rules in asked.items():
        for key in keys:
            by_key[key] = by_key[key] | rules if key in by_key else rules
            yield
    return by_key


def _others(asked: Asked, everything: int) -> Steps[int]:
    """Find the rules that do not ask."""
    asking = 0
    for rules in asked.values():
        asking |= rules
        yield
    return everything & ~asking


def _values(asked: Asked, everything: int, *, elements: bool) -> Steps[Table]:
    others = yield from _others(asked, everything)
    left = yield from _by_key(asked)
    for key in left:
        left[key] |= others
        yield
    return _of_elements(left, others, or_) if elements else _of_value(left, others)


def _other_values(asked: Asked, everything: int, *, elements: bool) -> Steps[Table]:
    left = yield from _by_key(asked)
    for key in left:
        left[key] ^= everything
        yield
    return _of_elements(left, everything, and_) if elements else _of_value(left, everything)


def _of_value(left: Mapping[object, int], otherwise: int) -> Table:
    return lambda value: left.get(value if type(value) is str else _key_of(value), otherwise)


def _of_elements(left: Mapping[object, int], otherwise: int, merge: Callable[[int, int], int]) -> Table:
    def rules_left(value: Any) -> int:
        if type(value) is str:
            return left.get(value, otherwise)
        if type(value) not in ARRAYS:
            return left.get(_key_of(value), otherwise)
        rules = otherwise
        for item in value:
            found = left.get(item if type(item) is str else _key_of(item))
            if found is not None:
                rules = merge(rules, found)
        return rules

    return rules_left


def _bounds(asked: Asked, everything: int, find: Callable[..., int], *, fails_above: bool) -> Steps[Table]:
    bounds = sorted(asked)
    # left[n]: the rules left when those with one of the first n bounds fail, or those with one of the rest.
    left, failing = [everything], 0
    for bound in reversed(bounds) if fails_above else bounds:
        failing |= asked[bound]
        left.append(everything ^ failing)
        yield
    others = left[-1]
    if fails_above:
        left.reverse()

    def rules_left(value: Any) -> int:
        number = value if type(value) is int else number_of(value)
        return others if number is None else left[find(bounds, number)]

    return rules_left


def _beginnings(asked: Asked, everything: int) -> Steps[Table]:
    others = yield from _others(asked, everything)
    left = {}
    for beginning, rules in asked.items():
        left[beginning] = others | rules
        yield
    lengths = sorted({len(beginning) for beginning in left})

    def rules_left(value: Any) -> int:
        if type(value) is not str:
            return others
        rules = others
        for length in lengths:
            rules |= left.get(value[:length], 0)
        return rules

    return rules_left


_LISTS = frozenset({"$in", "$nin"})
_VALUES: Mapping[str, Callable[[Asked, int], Steps[Table]]] = {
    "$eq": partial(_values, elements=False),
    "$in": partial(_values, elements=True),
    "$ne": partial(_other_values, elements=False),
    "$nin": partial(_other_values, elements=True),
}
_BOUNDS: Mapping[str, tuple[Callable[..., int], bool]] = {
    # A value fails $gt where the bound is the value or above it, and so on.
    "$gt": (bisect_left, True),
    "$gte": (bisect_right, True),
    "$lt": (bisect_right, False),
    "$lte": (bisect_left, False),
}
