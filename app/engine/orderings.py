"""`$lt`, `$lte`, `$gt` and `$gte`: numbers, text, and what counts as a number."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from app.engine.equality import is_finite_number
from app.engine.places import Check, Place

Comparison = Callable[[Any, Any], bool]

COMPARISONS: Mapping[str, Comparison] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def number_in(text: str) -> float | None:
    """Read a numeric string such as "42", " 4.2 " or "1e3"; None for one that names no finite number."""
    try:
        number = float(text)
    except ValueError:
        return None
    # Python also reads "1_000", which no form and no other language takes for a number.
    return number if math.isfinite(number) and "_" not in text else None


def ordering(compare: Comparison, operand: object, place: Place) -> Check:
    """Compile an ordering against a number or a string.

    | attribute | against a number | against a string |
    |---|---|---|
    | number | by value | by value, if the operand is numeric |
    | string | by value, if the attribute is numeric | as text, by code points |
    | null, missing | as 0 | as 0, if the operand is numeric |
    | anything else | never holds | never holds |

    Booleans are no numbers. A numeric string is what `number_in` can read.
    """
    if type(operand) is str:
        return _against_text(compare, operand)
    if is_finite_number(operand):
        return _against_number(compare, operand)
    return place.refuse("must be a finite number or a string")


def number_of(value: object) -> float | None:
    """Read an attribute as a number; None for what compares with no number."""
    if value is None:
        return 0
    if type(value) is str:
        return number_in(value)
    if type(value) is float:
        return None if math.isnan(value) else value
    return value if type(value) is int else None


def _against_number(compare: Comparison, bound: float) -> Check:
    def holds(value: Any, _now: object) -> bool:
        # Most values are whole numbers, and need no call to be read as one.
        number = value if type(value) is int else number_of(value)
        return number is not None and compare(number, bound)

    return holds


def _against_text(compare: Comparison, bound: str) -> Check:
    number = number_in(bound)
    by_value = _against_number(compare, number) if number is not None else None

    def holds(value: Any, now: object) -> bool:
        if type(value) is str:
            return compare(value, bound)
        return by_value is not None and by_value(value, now)

    return holds
