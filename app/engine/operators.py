"""The operators that compare one value with their operand; those that nest others are in conditions.py.

Each takes its operand and its place, and gives a check that never raises, whatever the value; a wrong operand
is refused at the place. A missing attribute's value is None. What JSON does not have (see `type_of`) is equal
to nothing.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import NoneType
from typing import TypeAlias

from app.engine.equality import equals
from app.engine.instants import duration_from_now, fixed_instant, instant_of, microseconds_of
from app.engine.logic import negated
from app.engine.lookup import Lookup
from app.engine.membership import ARRAYS, has_all, is_one_of
from app.engine.orderings import COMPARISONS, Comparison, ordering
from app.engine.paths import MISSING
from app.engine.patterns import pattern
from app.engine.places import Check, Place
from app.engine.problems import did_you_mean
from app.engine.versions import version_of

Operator: TypeAlias = Callable[[object, Place], Check]

_TYPES: Mapping[type, str] = {
    str: "string",
    # An instant is a string on the wire.
    datetime: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    dict: "object",
    **dict.fromkeys(ARRAYS, "array"),
}
_TYPE_NAMES = ("string", "number", "boolean", "array", "object", "null", "undefined")


def type_of(value: object) -> str | None:
    """Name the type of an attribute; None for what JSON does not have and conditions do not know."""
    if value is MISSING:
        return "undefined"
    return "object" if isinstance(value, Lookup) else _TYPES.get(type(value))


def _exists(operand: object, place: Place) -> Check:
    """Null exists as little as what is missing."""
    if type(operand) is not bool:
        return place.refuse("must be true or false")
    return lambda value, _now: (value is not None) is operand


def _type(operand: object, place: Place) -> Check:
    """The one operator that tells null from missing, which comes to it as MISSING."""
    if type(operand) is not str or operand not in _TYPE_NAMES:
        hint = did_you_mean(operand if type(operand) is str else "", _TYPE_NAMES)
        return place.refuse(f"must name a type; {hint}")
    return lambda value, _now: type_of(value) == operand


def _version(operand: object, place: Place, compare: Comparison) -> Check:
    """Holds for versions only, `$vne` too."""
    bound = version_of(operand)
    if bound is None:
        return place.refuse("must be a version like 1.2.3 or 2.0.0-rc.1")

    def holds(value: object, _now: object) -> bool:
        version = version_of(value)
        return version is not None and compare(version, bound)

    return holds


def _time(operand: object, place: Place, compare: Comparison) -> Check:
    """Holds for instants only; relative to now, only where the instant of the decision is known."""
    if type(operand) is str:
        bound, offset = fixed_instant(operand), duration_from_now(operand)
        if bound is not None:
            return _fixed(compare, bound)
        if offset is not None:
            return _relative(compare, offset)
    return place.refuse(
        "must be an instant like 2026-01-31T09:00:00Z, or a duration from now like -7d or +2h"
        " (s, m, h, d or w; at most 36,500 days)"
    )


def _fixed(compare: Comparison, bound: int) -> Check:
    def holds(value: object, _now: object) -> bool:
        instant = instant_of(value)
        return instant is not None and compare(instant, bound)

    return holds


def _relative(compare: Comparison, offset: int) -> Check:
    def holds(value: object, now: datetime | None) -> bool:
        instant = instant_of(value)
        return instant is not None and now is not None and compare(instant, microseconds_of(now) + offset)

    return holds


def _not(positive: Operator) -> Operator:
    return lambda operand, place: negated(positive(operand, place))


_in, _ini = partial(is_one_of, fold=False), partial(is_one_of, fold=True)

OPERATORS: Mapping[str, Operator] = {
    "$eq": equals,
    "$ne": _not(equals),
    **{f"${name}": partial(ordering, compare) for name, compare in COMPARISONS.items()},
    "$in": _in,
    "$nin": _not(_in),
    "$all": partial(has_all, fold=False),
    "$ini": _ini,
    "$nini": _not(_ini),
    "$alli": partial(has_all, fold=True),
    "$regex": partial(pattern, ignore_case=False),
    "$regexi": partial(pattern, ignore_case=True),
    "$exists": _exists,
    "$type": _type,
    "$veq": partial(_version, compare=operator.eq),
    "$vne": partial(_version, compare=operator.ne),
    **{f"$v{name}": partial(_version, compare=compare) for name, compare in COMPARISONS.items()},
    "$before": partial(_time, compare=operator.lt),
    "$after": partial(_time, compare=operator.gt),
}
