"""From the values of attributes to the visitor who has them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from app.admin.lint.example import Example
from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.event_attributes import NEVER_DAYS
from app.engine.paths import MISSING

# What is seen for the first time only now is new; what was seen an hour ago is not, and no day old.
_AN_HOUR_DAYS = 1 / 24
# What is said of these, whatever it is, says that the event did happen.
_TRACES = ("first_", "last_", "days_since")
ON_THE_CLOCK = frozenset({("context", "hour"), ("context", "weekday")})
"""What follows from the instant."""


class Values(msgspec.Struct, frozen=True):
    """What a visitor is to be like."""

    attributes: Mapping[tuple[str, ...], Any]
    stages: Mapping[str, str] = {}
    denied: frozenset[str] = frozenset()
    held_out: bool | None = None
    idle_ms: int = 0


def example_of(values: Values, at: datetime) -> Example:
    """Make up a visitor; whether there can be one like that is for the engine to say."""
    roots: dict[str, Any] = {}
    # The outer object comes before what is put into it.
    for path, value in sorted(values.attributes.items()):
        if value is not MISSING and path not in ON_THE_CLOCK:
            _put(roots, path, value)
    arms = {} if values.held_out is None else {HOLDOUT: GENERIC if values.held_out else PERSONALIZED}
    return Example(
        at=at,
        traits=_object(roots.get("traits")),
        context=_object(roots.get("context")),
        events=dict(_events(_object(roots.get("events")))),
        age_days=_age_of(_object(roots.get("profile"))),
        stages=values.stages,
        denied=values.denied,
        idle_ms=values.idle_ms,
        arms=arms,
    )


def _put(inside: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value where a path leads, through objects that are made on the way."""
    *outer, last = path
    for step in outer:
        found = inside.get(step)
        # A copy, since what stands there may be a literal of somebody's condition.
        inside[step] = dict(found) if isinstance(found, dict) else {}
        inside = inside[step]
    inside[last] = value


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _events(asked: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """List the events that did happen."""
    for name, said in asked.items():
        never = said.get("count") == 0 or said.get("days_since") == NEVER_DAYS
        if not never and (any(said.values()) or any(key.startswith(_TRACES) for key in said)):
            yield name, said


def _age_of(profile: Mapping[str, Any]) -> float | None:
    """Tell how old a profile is, in days; None where that does not matter."""
    is_new, age = profile.get("is_new"), profile.get("age_days")
    if is_new is True:
        return 0
    if is_new is False:
        return max(age or 0, _AN_HOUR_DAYS)
    return age
