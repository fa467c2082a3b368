"""What can be asked of the events of one name: `events.<name>.<attribute>`."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from app.engine.equality import is_number
from app.engine.names import snake_case
from app.engine.places import Place
from app.engine.problems import did_you_mean, shown

Kind: TypeAlias = Literal["number", "instant"]

NEVER_DAYS = 36_500
"""The `days_since` of an event that never was."""

LONGEST_WINDOW_DAYS = 90

_INSTANTS = frozenset({"first_at", "last_at"})
_NUMBERS = frozenset({"count", "days_since"})
_WINDOW = re.compile(r"count_([1-9][0-9]?)d")
_KNOWN = (
    *("count", "count_30d", "count_since_<event>", "sum_<property>"),
    *("first_at", "last_at", "days_since", "last_<property>"),
)

_FOR_NUMBERS = frozenset(
    ("$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$in", "$nin", "$exists", "$type", "$not")
)
_FOR_INSTANTS = frozenset(("$eq", "$ne", "$before", "$after", "$exists", "$type", "$not"))
_EQUALITIES = frozenset(("$eq", "$ne", "$in", "$nin"))


@lru_cache(maxsize=4_096)
def normalized(path: str) -> tuple[str, ...]:
    """Split a path; in one of events, the names of events and properties become snake_case."""
    parts = tuple(path.split("."))
    match parts:
        case ["events", name, attribute, *rest]:
            return ("events", snake_case(name), _normalized_attribute(attribute), *rest)
    return parts


def _normalized_attribute(attribute: str) -> str:
    for prefix in ("count_since_", "sum_", "last_"):
        if attribute.startswith(prefix):
            return prefix + snake_case(attribute.removeprefix(prefix))
    return attribute


def kind_of(parts: Sequence[str], place: Place) -> Kind | None:
    """Say what a normalized path of events always holds, if it does; a path that no event has is refused."""
    match parts:
        case [_, _, attribute] if attribute in _INSTANTS:
            return "instant"
        case [_, _, attribute] if _is_number(attribute):
            return "number"
        case [_, _, attribute, *_] if _names(attribute, "last_") and attribute not in _INSTANTS:
            # The latest value of a property may be anything, and an object can be reached into.
            return None
        case [_, _, attribute]:
            place.refuse(f"events have no attribute {shown(attribute)}; {_hint(attribute)}")
        case _:
            place.refuse("must be events.<name>.<attribute>, as in events.order_completed.count")
    return None


def _is_number(attribute: str) -> bool:
    window = _WINDOW.fullmatch(attribute)
    if window is not None:
        return int(window[1]) <= LONGEST_WINDOW_DAYS
    return attribute in _NUMBERS or _names(attribute, "count_since_") or _names(attribute, "sum_")


def _names(attribute: str, prefix: str) -> bool:
    return attribute.startswith(prefix) and attribute != prefix


def _hint(attribute: str) -> str:
    if re.fullmatch(r"count_\d+d", attribute):
        return f"a window has 1 to {LONGEST_WINDOW_DAYS} days, as in count_30d"
    return did_you_mean(attribute, _KNOWN)


def check_kind(kind: Kind | None, operator: str, operand: object, place: Place) -> None:
    """Refuse an operator or an operand that can never hold for a number or an instant."""
    if kind == "instant" and operator not in _FOR_INSTANTS:
        place.refuse("is about an instant; ask for it with $before and $after")
    if kind == "number" and operator not in _FOR_NUMBERS:
        place.refuse(f"is about a number, which {shown(operator)} cannot be asked of")
    if kind == "number" and operator in _EQUALITIES:
        literals = operand if isinstance(operand, (list, tuple)) else (operand,)
        if not all(literal is None or is_number(literal) for literal in literals):
            place.refuse("is about a number, so it must be compared with numbers or null")
