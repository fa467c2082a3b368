"""The condition language: checked and compiled once, into closures that never raise."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from app.engine.comparisons import comparisons_in, is_operator_object, literals_of
from app.engine.equality import equals
from app.engine.event_attributes import check_kind, normalized
from app.engine.logic import all_of, any_of, negated
from app.engine.lookup import Lookup
from app.engine.membership import ARRAYS
from app.engine.operators import OPERATORS, Operator
from app.engine.paths import ITSELF, Path, path_of
from app.engine.places import Check, Place, has_operators, is_object
from app.engine.problems import Problem, Problems, did_you_mean, shown
from app.engine.thresholds import threshold

Predicate: TypeAlias = Callable[..., bool]
"""A compiled condition: `predicate(attributes, now=None)`.

It takes `Attributes` (a dict or a `Lookup`) and the instant of the decision, with a time zone. Without
the instant, `$before` and `$after` with a duration from now do not hold.
"""


def compile_condition(condition: Mapping[str, object], *, pointer: str = "") -> Predicate:
    """Check a condition and compile it; the predicate never raises, whatever the attributes hold.

    Raises:
        Problems: every problem in it, each at a JSON pointer that starts with `pointer`.

    """
    place = Place(pointer, [])
    check = _condition(condition, place)
    if place.problems:
        raise Problems(place.problems)
    return check


def attributes_of(condition: Mapping[str, object]) -> frozenset[str]:
    """List every path that a condition asks for, event and property names in snake_case."""
    return frozenset(".".join(comparison.path) for comparison in comparisons_in(condition))


def operands_of(condition: Mapping[str, object], path: str) -> frozenset[str]:
    """List every string that a condition compares the attribute or its elements with, to be equal or not."""
    asked = [comparison for comparison in comparisons_in(condition) if comparison.path == normalized(path)]
    return frozenset(literal for comparison in asked for literal in literals_of(comparison))


def warnings_of(condition: Mapping[str, object], *, pointer: str = "") -> list[Problem]:
    """Find where a visitor of whom nothing is known passes `$lt` or `$lte`, and perhaps should not.

    Null counts as 0 there. That is meant of counts, seldom of traits and of the latest value of a property.
    """
    listed = list(comparisons_in(condition, pointer))
    asked_for = {comparison.path for comparison in listed if comparison.operator == "$exists"}
    return [
        Problem(
            comparison.pointer,
            f"also compares visitors without {shown('.'.join(comparison.path))}, as 0;"
            ' add {"$exists": true} to leave them out',
        )
        for comparison in listed
        if comparison.operator in {"$lt", "$lte"}
        and comparison.path not in asked_for
        and _may_be_missing(comparison.path)
    ]


def _may_be_missing(path: Sequence[str]) -> bool:
    """Tell traits and latest values from what there is of everybody; an event may be named as they are."""
    asked = path[2:] if path[0] == "events" else path[1:]
    return path[0] == "traits" or any(part.startswith("last_") for part in asked)


def _condition(document: object, place: Place) -> Check:
    if not is_object(document):
        return place.refuse("must be an object of conditions")
    if place.is_too_deep():
        return place.refuse_depth()
    return all_of([_entry(key, value, place) for key, value in document.items()])


def _entry(key: object, value: object, place: Place) -> Check:
    if type(key) is not str:
        return place.refuse("must have strings as keys")
    at_key = place.at(key)
    if key in _GROUPS:
        return _GROUPS[key](value, at_key.deeper())
    if not key.startswith("$"):
        return _attribute(path_of(key, at_key), value, at_key)
    if key in OPERATORS or key in _NESTING:
        return at_key.refuse(f"{key} compares an attribute, so it must stand under the name of one")
    return at_key.refuse(f"unknown operator {shown(key)}; {did_you_mean(key, _GROUPS)}")


def _conditions(documents: object, place: Place) -> list[Check]:
    if isinstance(documents, (list, tuple)):
        return [_condition(document, place.at(index)) for index, document in enumerate(documents)]
    return [place.refuse("must be an array of conditions")]


def _and(documents: object, place: Place) -> Check:
    return all_of(_conditions(documents, place))


def _or(documents: object, place: Place) -> Check:
    checks = _conditions(documents, place)
    # An empty $or holds: alternatives that nobody has filled in exclude nobody.
    return any_of(checks) if checks else all_of(())


def _nor(documents: object, place: Place) -> Check:
    return negated(any_of(_conditions(documents, place)))


def _not(document: object, place: Place) -> Check:
    return negated(_condition(document, place))


_GROUPS: Mapping[str, Operator] = {"$and": _and, "$or": _or, "$nor": _nor, "$not": _not}


def _attribute(path: Path, value: object, place: Place) -> Check:
    if has_operators(value):
        return _operators(path, value, place)
    return _bound(path, "$eq", value, place)


def _operators(path: Path, document: object, place: Place) -> Check:
    """Compile an object of operators, all of which must hold for the value at the path."""
    if not has_operators(document):
        return place.refuse('must be an object of operators, as in {"$gt": 3}')
    if place.is_too_deep():
        return place.refuse_depth()
    return all_of([_operator(path, key, operand, place) for key, operand in document.items()])


def _operator(path: Path, key: object, operand: object, place: Place) -> Check:
    if type(key) is not str or not key.startswith("$"):
        return place.refuse("must not mix operators with other keys")
    at_key = place.at(key)
    if key in _NESTING:
        check_kind(path.kind, key, operand, at_key)
        return _NESTING[key](path, operand, at_key)
    if key in OPERATORS:
        return _bound(path, key, operand, at_key)
    if key in _GROUPS:
        return at_key.refuse(f"{key} groups conditions, so it cannot stand under an attribute")
    return at_key.refuse(f"unknown operator {shown(key)}; {did_you_mean(key, (*OPERATORS, *_NESTING))}")


def _bound(path: Path, operator: str, operand: object, place: Place) -> Check:
    check_kind(path.kind, operator, operand, place)
    check = OPERATORS[operator](operand, place)
    if operator == "$type":
        return path.bind_strictly(check)
    return threshold(path, operator, operand, check) or path.bind(check)


def _refuted(path: Path, operand: object, place: Place) -> Check:
    return negated(_operators(path, operand, place.deeper()))


def _size(path: Path, operand: object, place: Place) -> Check:
    """Compare the length of an array; no other value has one."""
    if type(operand) is int and operand >= 0:
        check = equals(operand, place)
    elif has_operators(operand):
        check = _operators(ITSELF, operand, place.deeper())
    else:
        check = place.refuse('must be an integer of 0 or more, or an object of operators, as in {"$gt": 3}')
    return path.bind(lambda value, now: type(value) in ARRAYS and check(len(value), now))


def _elem_match(path: Path, operand: object, place: Place) -> Check:
    """Ask whether one and the same element of an array passes everything."""
    if is_operator_object(operand):
        check = _operators(ITSELF, operand, place.element())
    else:
        check = _of_object(_condition(operand, place.element()))
    return path.bind(_any_element(check))


def _any_element(check: Check) -> Check:
    def holds(value: Any, now: datetime | None) -> bool:
        return type(value) in ARRAYS and any(check(element, now) for element in value)

    return holds


def _of_object(condition: Check) -> Check:
    return lambda value, now: (type(value) is dict or isinstance(value, Lookup)) and condition(value, now)


_NESTING: Mapping[str, Callable[[Path, object, Place], Check]] = {
    "$not": _refuted,
    "$size": _size,
    "$elemMatch": _elem_match,
}
