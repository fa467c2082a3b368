"""Values that are worth trying for what a condition asks: each may hold, and is then shown as an example."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from app.admin.lint.domains import Domain
from app.admin.lint.patterns import texts_for
from app.admin.lint.terms import Asks
from app.engine.conditions import compile_condition
from app.engine.conjuncts import identity_of
from app.engine.equality import is_finite_number
from app.engine.instants import fixed_instant
from app.engine.orderings import number_in

FRESH = "another"
"""A text that nobody asks for, unless somebody does."""

_LISTS = frozenset(("$in", "$nin", "$all", "$ini", "$nini", "$alli"))
_VERSIONS = frozenset(("$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte"))
_ORDERINGS = frozenset(("$lt", "$lte", "$gt", "$gte"))
_LONGEST_ARRAY = 64
_PATTERN_TEXTS = 6
_FEW = 20


_FIELDS: Mapping[Any, str] = {str: "texts", list: "arrays", tuple: "arrays", dict: "objects"}


def known_values(domain: Domain, asked: Iterable[Asks]) -> Iterator[Any]:
    """List what an attribute can be that is no number: each value that questions name, and others, once."""
    yield from domain.bare
    seen: set[Hashable] = set()
    for value in (FRESH, *(value for ask in asked for value in values_for(ask))):
        if _fits(domain, value) and (key := identity_of(value)) not in seen:
            seen.add(key)
            yield list(value) if type(value) is tuple else value


def _fits(domain: Domain, value: Any) -> bool:
    field = _FIELDS.get(type(value))
    if field is None or not getattr(domain, field):
        return False
    return not domain.instants or fixed_instant(value) is not None


def numbers_near(domain: Domain, asked: Iterable[Asks]) -> Iterator[float]:
    """List numbers at the bounds that questions name, and next to them."""
    if domain.numbers:
        for bound in (0, 1, *(bound for ask in asked for bound in _bounds(ask.operand))):
            for number in (bound, bound + 1, bound - 1):
                whole = not domain.whole or number == int(number)
                if whole and (domain.low is None or number >= domain.low):
                    yield int(number) if domain.whole else number


def _bounds(operand: Any) -> Iterator[float]:
    for literal in operand if isinstance(operand, (list, tuple)) else (operand,):
        number = number_in(literal) if type(literal) is str else literal
        if is_finite_number(number):
            yield number


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
        texts = list(islice(texts_for(str(operand)), _PATTERN_TEXTS))
        yield from texts
        yield from (text.swapcase() for text in texts if operator == "$regexi")
    elif operator in _VERSIONS:
        yield from (operand, f"{operand}.1", "0.0.0", "9999.0.0", "0.0.0-0")
    else:
        yield from _of_shape(operator, operand)


def _of_list(operator: str, operand: Any) -> Iterator[Any]:
    yield from operand
    if operator.endswith("i"):
        yield from (text.swapcase() for text in operand[:_FEW] if type(text) is str)
    yield list(operand)
    yield from ([element] for element in operand[:_FEW])


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
        holds = compile_condition({"x": operators})
        values = [value for operator, inner in operators.items() for value in _values(operator, inner)]
        chosen[key] = next((value for value in values if holds({"x": value})), FRESH)
    yield chosen


def _is_operators(asked: Any) -> bool:
    return isinstance(asked, dict) and any(key.startswith("$") for key in asked)


def _values(operator: str, operand: Any) -> Iterator[Any]:
    if operator in _ORDERINGS and type(operand) in {int, float}:
        yield from (operand, operand - 1, operand + 1)
    else:
        yield from values_for(Asks((), operator, operand, None, lambda *_: False))
