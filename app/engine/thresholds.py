"""An attribute against a number, in one closure: what segments and stages ask of every visitor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.engine.counters import reader_of
from app.engine.equality import is_finite_number
from app.engine.event_lookup import NEVER, EventLookup
from app.engine.lookup import Attributes, Lookup
from app.engine.orderings import COMPARISONS, Comparison, number_of
from app.engine.paths import Path
from app.engine.places import Check

# What needs no call to be read as a number; one that is none (NaN) passes no ordering anyway.
_NUMBERS = frozenset({int, float})
_ORDERINGS: Mapping[str, Comparison] = {f"${name}": compare for name, compare in COMPARISONS.items()}


def threshold(path: Path, operator: str, operand: object, check: Check) -> Check | None:
    """Bind the check of an ordering to a path, without the calls between the two; None for any other pair.

    It holds exactly where `path.bind(check)` does.
    """
    compare = _ORDERINGS.get(operator)
    if compare is None or path.never is not None or not is_finite_number(operand):
        return None
    if len(path.parts) == 2:  # noqa: PLR2004 - such as traits.score
        return _of_two_steps(*path.parts, compare, operand)
    if len(path.parts) == 3 and path.parts[0] == "events":  # noqa: PLR2004 - such as events.order_completed.count
        return _of_event(path, compare, operand, path.bind(check))
    return None


def _of_two_steps(first: str, second: str, compare: Comparison, bound: float) -> Check:
    def holds(attributes: Attributes, now: datetime | None = None) -> bool:  # noqa: ARG001 - as every check
        value: Any = attributes.get(first)
        value = value.get(second) if type(value) is dict or isinstance(value, Lookup) else None
        number = value if type(value) in _NUMBERS else number_of(value)
        return number is not None and compare(number, bound)

    return holds


def _of_event(path: Path, compare: Comparison, bound: float, otherwise: Check) -> Check:
    _, name, attribute = path.parts
    read = reader_of(attribute)

    def holds(attributes: Attributes, now: datetime | None = None) -> bool:
        events = attributes.get("events")
        if type(events) is not EventLookup:
            return otherwise(attributes, now)
        value: Any = read(events.counters.get(name, NEVER), events.now_ms)
        number = value if type(value) in _NUMBERS else number_of(value)
        return number is not None and compare(number, bound)

    return holds
