"""What a condition compares with what, listed without compiling it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.engine.event_attributes import normalized
from app.engine.places import DEEPEST, has_operators, is_array, is_object
from app.engine.problems import escaped

_GROUPS = frozenset(("$and", "$or", "$nor"))
_NAMING = frozenset(("$eq", "$in", "$ini"))
_EQUALITIES = frozenset(("$eq", "$ne", "$in", "$nin", "$all", "$ini", "$nini", "$alli"))


class Comparison(NamedTuple):
    """One operator with its operand on one attribute. What stands in `$not` is listed like the rest."""

    path: tuple[str, ...]
    operator: str
    operand: object
    pointer: str


def comparisons_in(condition: object, pointer: str = "", depth: int = 0) -> Iterator[Comparison]:
    """List the comparisons of a condition, in its order; what is wrong in it is passed over.

    A bare value is listed as `$eq`. What `$elemMatch` asks of elements is its operand, not a comparison.
    """
    if not is_object(condition) or depth > DEEPEST:
        return
    for key, value in condition.items():
        if type(key) is not str:
            continue
        at_key = f"{pointer}/{escaped(key)}"
        if not key.startswith("$"):
            yield from _comparisons_of(normalized(key), value, at_key, depth)
        elif key == "$not":
            yield from comparisons_in(value, at_key, depth + 1)
        elif key in _GROUPS:
            for index, inner in enumerate(_elements(value)):
                yield from comparisons_in(inner, f"{at_key}/{index}", depth + 1)


def _comparisons_of(path: tuple[str, ...], value: object, pointer: str, depth: int) -> Iterator[Comparison]:
    if not has_operators(value):
        yield Comparison(path, "$eq", value, pointer)
        return
    for operator, operand in value.items():
        if type(operator) is not str:
            continue
        at_operator = f"{pointer}/{escaped(operator)}"
        if operator != "$not":
            yield Comparison(path, operator, operand, at_operator)
        elif depth < DEEPEST and has_operators(operand):
            yield from _comparisons_of(path, operand, at_operator, depth + 1)


def literals_of(comparison: Comparison, depth: int = 0) -> Iterator[str]:
    """List the strings that a comparison takes for the attribute's value or for one of its elements."""
    if comparison.operator in _EQUALITIES:
        operand = comparison.operand
        yield from (literal for literal in (operand, *_elements(operand)) if type(literal) is str)
    elif comparison.operator == "$elemMatch" and depth < DEEPEST and is_operator_object(comparison.operand):
        for inner in _comparisons_of((), comparison.operand, "", depth):
            yield from literals_of(inner, depth + 1)


def asks_beyond(comparison: Comparison) -> bool:
    """Tell where what is asked of an array rests on more than which of the strings listed are in it."""
    if next(literals_of(comparison), None) is None:
        return False
    if comparison.operator == "$elemMatch":
        return _NAMING.isdisjoint(comparison.operand)  # type: ignore[arg-type] # only of an object are strings listed
    return comparison.operator in {"$eq", "$ne"} and is_array(comparison.operand)


def is_operator_object(document: object) -> bool:
    """Tell what compares an element itself from a condition on what is in it; `$not` alone begins either."""
    for _ in range(DEEPEST):
        if not isinstance(document, Mapping) or not document:
            return False
        if any(type(key) is not str or not key.startswith("$") or key in _GROUPS for key in document):
            return False
        if set(document) != {"$not"}:
            return True
        document = document["$not"]
    return False


def _elements(value: Any) -> Any:
    return value if is_array(value) else ()
