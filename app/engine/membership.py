"""Which of many values one is, and which of them an array has."""

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

from app.engine.equality import equals
from app.engine.places import Check, Place

ARRAYS = frozenset({list, tuple, set, frozenset})
"""What a visitor's array may be. A set has no order, so it equals no array, but elements are found in it."""

# What can be looked up by its value. Booleans cannot, since True equals 1 in Python but not in JSON.
_KEYED = frozenset({str, int, float, NoneType})
_NO_KEY = object()


def _key_of(value: object) -> object:
    return value if type(value) in _KEYED else _NO_KEY


def _folded_key_of(value: object) -> object:
    return value.casefold() if type(value) is str else _key_of(value)


def is_one_of(literals: object, place: Place, *, fold: bool) -> Check:
    """Compile whether a value is one of the literals, or an array any element of which is.

    With `fold`, the case of strings does not matter, unless they stand inside arrays or objects.
    """
    if not isinstance(literals, (list, tuple)):
        return place.refuse("must be an array")
    key_of = _folded_key_of if fold else _key_of
    keys, others = _split(literals, key_of, place)

    def holds(value: Any, _now: object) -> bool:
        # Most values are strings, and need no call to find their key.
        if type(value) is str:
            return (value.casefold() if fold else value) in keys
        if type(value) in ARRAYS:
            return not keys.isdisjoint(map(key_of, value))
        return key_of(value) in keys

    return _or_any_equal(holds, others) if others else holds


def _or_any_equal(holds: Check, others: Sequence[Check]) -> Check:
    def also_holds(value: Any, now: object) -> bool:
        elements = value if type(value) in ARRAYS else (value,)
        return holds(value, now) or any(check(element, now) for element in elements for check in others)

    return also_holds


def has_all(literals: object, place: Place, *, fold: bool) -> Check:
    """Compile whether a value is an array that has every literal, in time linear in the array.

    No literals at all are in every array. Any other value has none.
    """
    if not isinstance(literals, (list, tuple)):
        return place.refuse("must be an array")
    key_of = _folded_key_of if fold else _key_of
    keys, others = _split(literals, key_of, place)

    def holds(value: Any, now: object) -> bool:
        if type(value) not in ARRAYS or keys.difference(map(key_of, value)):
            return False
        return all(any(check(element, now) for element in value) for check in others)

    return holds


def _split(
    literals: Sequence[object], key_of: Callable[[object], object], place: Place
) -> tuple[frozenset[object], tuple[Check, ...]]:
    """Part what can be looked up by its key from what must be compared one by one."""
    inside = place.deeper()
    keys: set[object] = set()
    others: list[Check] = []
    for i, literal in enumerate(literals):
        key = key_of(literal)
        keys.add(key)
        # Text, whole numbers and null need no check; equality also refuses what JSON cannot write.
        if key is _NO_KEY or type(key) is float:
            check = equals(literal, inside.at(i))
            others += [check] if key is _NO_KEY else []
    return frozenset(keys - {_NO_KEY}), tuple(others)
