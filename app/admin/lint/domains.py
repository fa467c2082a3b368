"""What an attribute of a visitor can be at all, by its path."""

from collections.abc import Mapping

import msgspec

from app.engine.event_attributes import NEVER_DAYS
from app.engine.paths import MISSING

_LAST_HOUR, _LAST_WEEKDAY = 23, 7


class Domain(msgspec.Struct, frozen=True, eq=False):
    """The values of an attribute: `bare` stand for themselves, numbers lie between `low` and `high`.

    `whole` numbers are integers. Every text is an instant where `instants` says so.
    """

    bare: tuple[object, ...] = ()
    numbers: bool = False
    texts: bool = False
    arrays: bool = False
    objects: bool = False
    whole: bool = False
    low: int | None = None
    high: int | None = None
    instants: bool = False


_ANYTHING = Domain((MISSING, None, True, False), numbers=True, texts=True, arrays=True, objects=True)
_TEXT = Domain((MISSING, None), texts=True)
_COUNT = Domain(numbers=True, whole=True, low=0)
_SUM = Domain(numbers=True)
_DAYS = Domain(numbers=True, whole=True, low=0, high=NEVER_DAYS)
_INSTANT = Domain((MISSING,), texts=True, instants=True)
_OBJECT = Domain(objects=True)
_PERHAPS_AN_OBJECT = Domain((MISSING,), objects=True)
_FIXED: Mapping[tuple[str, ...], Domain] = {
    **{(root,): _OBJECT for root in ("traits", "context", "events", "stages", "profile")},
    ("context", "attributes"): _PERHAPS_AN_OBJECT,
    ("context", "url"): _PERHAPS_AN_OBJECT,
    ("context", "url", "query"): _PERHAPS_AN_OBJECT,
    ("context", "utm"): _PERHAPS_AN_OBJECT,
    ("context", "referrer"): _PERHAPS_AN_OBJECT,
    ("profile", "is_new"): Domain((True, False)),
    ("profile", "age_days"): _COUNT,
    ("context", "hour"): Domain(numbers=True, whole=True, low=0, high=_LAST_HOUR),
    ("context", "weekday"): Domain(numbers=True, whole=True, low=1, high=_LAST_WEEKDAY),
    ("context", "country"): _TEXT,
    ("context", "device"): _TEXT,
    ("context", "locale"): _TEXT,
    ("context", "timezone"): _TEXT,
    ("context", "url", "path"): _TEXT,
    ("context", "url", "host"): _TEXT,
    ("context", "referrer", "host"): _TEXT,
}


def domain_of(path: tuple[str, ...]) -> Domain:
    """Find what an attribute can be; of most paths nothing is known beforehand."""
    match path:
        case ("events", _, attribute):
            return _of_event(attribute)
        case ("context", "utm", _) | ("context", "url", "query", _):
            return _TEXT
    return _FIXED.get(path, _ANYTHING)


def _of_event(attribute: str) -> Domain:
    if attribute in {"first_at", "last_at"}:
        return _INSTANT
    if attribute.startswith("last_"):
        return _ANYTHING
    if attribute == "days_since":
        return _DAYS
    return _SUM if attribute.startswith("sum_") else _COUNT
