"""When two JSON values are equal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from app.engine.conjuncts import identity_of
from app.engine.places import Check, Place, has_operators


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, which a boolean is not."""
    return type(value) is int or type(value) is float


def is_finite_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number as JSON can write it."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def is_same(one: object, other: object) -> bool:
    """Tell whether two JSON values are equal, of any depth: 1 equals 1.0, but neither true nor "1"."""
    # Nearly always they are alike to the type, which is seen in C.
    return identity_of(one) == identity_of(other) or _is_same(one, other)


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def equals(literal: object, place: Place) -> Check:
    """Compile deep equality with a JSON value: 1 equals 1.0, but neither true nor "1".

    What JSON cannot write is refused at its place.
    """
    if type(literal) is str:
        return lambda value, _now: type(value) is str and value == literal
    if isinstance(literal, (list, tuple, Mapping)):
        return place.refuse_depth() if place.is_too_deep() else _equals_compound(literal, place.deeper())
    if is_finite_number(literal):
        return lambda value, _now: (type(value) is int or type(value) is float) and value == literal
    if literal is None or type(literal) is bool:
        return lambda value, _now: value is literal
    kind = "a number that is not finite" if is_number(literal) else f"a {type(literal).__name__}"
    return place.refuse(f"must be a JSON value, not {kind}")


def _equals_compound(literal: Sequence[object] | Mapping[str, object], place: Place) -> Check:
    return _equals_object(literal, place) if isinstance(literal, Mapping) else _equals_array(literal, place)


def _equals_array(literal: Sequence[object], place: Place) -> Check:
    checks = tuple(equals(inner, place.at(index)) for index, inner in enumerate(literal))
    length = len(checks)

    def holds(value: Any, now: object) -> bool:
        if (type(value) is not list and type(value) is not tuple) or len(value) != length:
            return False
        return all(check(inner, now) for check, inner in zip(checks, value, strict=True))

    return holds


def _equals_object(literal: Mapping[str, object], place: Place) -> Check:
    if not all(type(key) is str for key in literal):
        return place.refuse("must have strings as keys")
    if has_operators(literal):
        return place.refuse("must be a value to compare with; operators cannot stand here")
    checks = tuple((key, equals(inner, place.at(key))) for key, inner in literal.items())
    length = len(checks)

    def holds(value: Any, now: object) -> bool:
        if type(value) is not dict or len(value) != length:
            return False
        return all(key in value and check(value[key], now) for key, check in checks)

    return holds
