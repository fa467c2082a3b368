"""Values that are worth trying for what a condition asks: each may hold, and is then shown as an example."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from app.admin.lint.patterns import texts_for
from app.admin.lint.terms import Asks

FRESH = "another"
"""A text that nobody asks for, unless somebody does."""

_LISTS = frozenset(("$in", "$nin", "$all", "$ini", "$nini", "$alli"))
_VERSIONS = frozenset(("$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte"))
_ORDERINGS = frozenset(("$lt", "$lte", "$gt", "$gte"))
_LONGEST_ARRAY = 64
_PATTERN_TEXTS = 6


def values_for(ask: Asks) -> Iterator[Any]:
    """List values to try, every literal that one may be equal to among them."""
    operator, operand = ask.operator, ask.operand
    if operator in _LISTS:
        yield from _of_list(operator, operand)
    elif operator in {"$eq", "$ne"}:
        yield operand
    elif operator in _ORDERINGS and type(operand) is str:
        yield from (operand, operand + "0", "")
    elif operator in {"$regex", "$regexi"}:
        yield from islice(texts_for(str(operand)), _PATTERN_TEXTS)
    elif operator in _VERSIONS:
        yield from (operand, f"{operand}.1", "0.0.0", "9999.0.0", "0.0.0-0")
    else:
        yield from _of_shape(operator, operand)


def _of_list(operator: str, operand: Any) -> Iterator[Any]:
    yield from operand
    if operator.endswith("i"):
        yield from (text.swapcase() for text in operand if type(text) is str)
    yield list(operand)
    yield from ([element] for element in operand)


def _of_shape(operator: str, operand: Any) -> Iterator[Any]:
    """Try arrays of the lengths and elements asked for, and whatever has the type asked for."""
    if operator == "$size":
        for length in _lengths(operand):
            yield [FRESH] * length
    elif operator == "$elemMatch":
        yield from ([element] for element in _elements(operand))
    elif operator == "$type":
        yield from ([], {})


def _lengths(operand: Any) -> Iterator[int]:
    bounds = [operand] if type(operand) is int else [b for b in operand.values() if type(b) is int]
    for bound in bounds:
        yield from (n for n in (bound - 1, bound, bound + 1) if 0 <= n <= _LONGEST_ARRAY)


def _elements(operand: Any) -> Iterator[Any]:
    """Try what `$elemMatch` asks of one element: a value for its operators, or an object for its fields."""
    if any(key.startswith("$") for key in operand):
        for operator, inner in operand.items():
            yield from _values(operator, inner)
        return
    chosen: dict[str, Any] = {}
    for key, asked in operand.items():
        operators = asked if _is_operators(asked) else {"$eq": asked}
        chosen[key] = next(iter([v for op, inner in operators.items() for v in _values(op, inner)]), FRESH)
    yield chosen


def _is_operators(asked: Any) -> bool:
    return isinstance(asked, dict) and any(key.startswith("$") for key in asked)


def _values(operator: str, operand: Any) -> Iterator[Any]:
    if operator in _ORDERINGS and type(operand) in {int, float}:
        yield from (operand, operand - 1, operand + 1)
    else:
        yield from values_for(Asks((), operator, operand, None, lambda *_: False))
