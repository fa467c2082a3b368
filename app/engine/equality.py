"""When two JSON values are equal, and which of many a value is."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, TypeGuard

from app.engine.places import Check, Place, has_operators, is_array

ARRAYS = frozenset({list, tuple, set, frozenset})
"""What a visitor's array may be. A set has no order, so it equals no array, but elements are found in it."""

_PLAIN = frozenset({str, int, float, NoneType})
# True equals 1 in Python but not in JSON, so booleans stand under keys of their own.
_TRUE, _FALSE, _NO_KEY = object(), object(), object()


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, which a boolean is not."""
    return type(value) is int or type(value) is float


def is_finite_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number as JSON can write it."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def is_literal(value: object, place: Place) -> bool:
    """Tell whether an operand is a JSON value that something can equal; if not, refuse it where it stands."""
    if type(value) is bool or type(value) in _PLAIN:
        if not is_number(value) or is_finite_number(value):
            return True
        place.refuse("must be a finite number")
        return False
    if place.too_deep():
        return False
    if is_array(value):
        return are_literals(value, place.deeper())
    if isinstance(value, Mapping):
        return _is_plain_object(value, place.deeper())
    place.refuse(f"must be a JSON value, not a {type(value).__name__}")
    return False


def are_literals(values: Any, place: Place) -> bool:
    """Tell whether all of an operand's elements are JSON values; if not, refuse each that is none."""
    verdicts = [is_literal(value, place.at(index)) for index, value in enumerate(values)]
    return all(verdicts)


def _is_plain_object(value: Mapping[object, object], place: Place) -> bool:
    if not all(type(key) is str for key in value):
        place.refuse("must have strings as keys")
        return False
    if has_operators(value):
        place.refuse("must be a value to compare with; operators cannot stand here")
        return False
    verdicts = [is_literal(inner, place.at(str(key))) for key, inner in value.items()]
    return all(verdicts)


def equals(literal: object) -> Check:
    """Compile deep equality with a literal: 1 equals 1.0, but neither true nor "1"; null equals missing."""
    if type(literal) is str:
        return lambda value, _now: type(value) is str and value == literal
    if is_number(literal):
        return lambda value, _now: (type(value) is int or type(value) is float) and value == literal
    if isinstance(literal, Mapping):
        return _equals_object(literal)
    if isinstance(literal, (list, tuple)):
        return _equals_array(literal)
    return lambda value, _now: value is literal


def _equals_array(literal: Sequence[object]) -> Check:
    checks = tuple(map(equals, literal))
    length = len(checks)

    def holds(value: Any, now: object) -> bool:
        if (type(value) is not list and type(value) is not tuple) or len(value) != length:
            return False
        return all(check(inner, now) for check, inner in zip(checks, value, strict=True))

    return holds


def _equals_object(literal: Mapping[str, object]) -> Check:
    checks = tuple((key, equals(inner)) for key, inner in literal.items())
    length = len(checks)

    def holds(value: Any, now: object) -> bool:
        if type(value) is not dict or len(value) != length:
            return False
        return all(key in value and check(value[key], now) for key, check in checks)

    return holds


def key_of(value: object) -> object:
    """Give equal scalars equal, hashable keys; an array or object has none that anything else has."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is bool:
        return _TRUE if value else _FALSE
    return _NO_KEY


def _folded_key_of(value: object) -> object:
    return value.casefold() if type(value) is str else key_of(value)


def is_one_of(literals: Iterable[object], *, fold: bool) -> Check:
    """Compile whether a value is one of the literals, or an array any element of which is.

    With `fold`, the case of strings does not matter; it does inside arrays and objects in the array.
    """
    key = _folded_key_of if fold else key_of
    keys, compounds = _split(literals, key)

    def holds(value: Any, _now: object) -> bool:
        if type(value) is str:
            return (value.casefold() if fold else value) in keys
        if type(value) in ARRAYS:
            return not keys.isdisjoint(map(key, value))
        return key(value) in keys

    return _or_any_equal(holds, compounds) if compounds else holds


def _or_any_equal(holds: Check, compounds: Sequence[Check]) -> Check:
    def also_holds(value: Any, now: object) -> bool:
        elements = value if type(value) in ARRAYS else (value,)
        return holds(value, now) or any(check(element, now) for element in elements for check in compounds)

    return also_holds


def has_all(literals: Iterable[object], *, fold: bool) -> Check:
    """Compile whether a value is an array that holds every literal, in time linear in the array."""
    key = _folded_key_of if fold else key_of
    keys, compounds = _split(literals, key)

    def holds(value: Any, _now: object) -> bool:
        if type(value) not in ARRAYS or keys.difference(map(key, value)):
            return False
        return all(any(check(element, None) for element in value) for check in compounds)

    return holds


def _split(
    literals: Iterable[object], key_of: Callable[[object], object]
) -> tuple[frozenset[object], tuple[Check, ...]]:
    """Sort out what can be looked up by its key from what must be compared one by one."""
    keys = [(key_of(literal), literal) for literal in literals]
    scalars = frozenset(key for key, _ in keys if key is not _NO_KEY)
    return scalars, tuple(equals(literal) for key, literal in keys if key is _NO_KEY)
