"""Counters of events that never were, made so that conditions find in them what somebody asks for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.engine.counters import DAY_MS, HOUR_MS, RECENT_LIMIT, reader_of
from app.engine.equality import is_finite_number
from app.engine.event_attributes import NEVER_DAYS, kind_of, normalized
from app.engine.instants import fixed_instant
from app.engine.names import snake_case
from app.engine.places import Place
from app.engine.profile import Counter
from app.profiles.count import LIST_LIMIT, TEXT_LIMIT, kept, number_of

_WINDOW = re.compile(r"count_(\d+)d")
_MOST_EVENTS = 1_000_000
_KEPT = (
    f"of a property stay text up to {TEXT_LIMIT:,} characters, numbers of 64 bits"
    f" and lists of up to {LIST_LIMIT} of these, no objects"
)


def made_up_counters(
    events: Mapping[str, Mapping[str, Any]], now_ms: int, place: Place
) -> dict[str, Counter]:
    """Make the counters of some event names; what nobody can ask for, or cannot be, is refused."""
    counters = {}
    for name, said in events.items():
        at_name = place.at(name)
        asked = dict(_attributes(snake_case(name), said, at_name))
        if not place.problems:
            counters[snake_case(name)] = _counter(asked, now_ms, at_name)
    return counters


def _attributes(name: str, said: Mapping[str, Any], place: Place) -> Iterator[tuple[str, Any]]:
    """List the attributes that are said, as conditions spell them."""
    for key, value in said.items():
        at_key = place.at(key)
        _, _, attribute, *inner = normalized(f"events.{name}.{key}")
        kind = kind_of(("events", name, attribute, *inner), at_key)
        if inner:
            at_key.refuse("must name a property; of an object nothing is kept")
        elif attribute.startswith("count") and not (type(value) is int and 0 <= value <= _MOST_EVENTS):
            at_key.refuse(f"must be an integer between 0 and {_MOST_EVENTS:,}")
        elif attribute == "days_since" and not (is_finite_number(value) and 0 <= value <= NEVER_DAYS):
            at_key.refuse(f"must be a number between 0 and {NEVER_DAYS:,}")
        elif kind == "number" and not is_finite_number(value):
            at_key.refuse("must be a number")
        elif kind == "instant" and not (type(value) is str and fixed_instant(value) is not None):
            at_key.refuse("must be an instant like 2026-01-31T09:00:00Z")
        elif attribute.startswith("last_") and kept(value) != value:
            at_key.refuse(f"is never kept so: {_KEPT}")
        yield attribute, value


def _count_of(
    asked: Mapping[str, Any], windows: list[tuple[int, int]], said_ms: int | None, now_ms: int
) -> int:
    """Tell how many there were: as few as all that is said lets there be, where that is not said."""
    count: int = max([asked.get("count", 1), *(n for _, n in windows)])
    if "first_at" not in asked or "count" in asked:
        return count
    # The first of them was before all that a window holds, unless that holds it too.
    ends = [(now_ms - days * DAY_MS, n) for days, n in windows]
    ends += [] if said_ms is None else [(said_ms - 1, 1)]
    return max([count, *(n + 1 for end_ms, n in ends if _ms_in(asked["first_at"]) <= end_ms)])


def _counter(asked: Mapping[str, Any], now_ms: int, place: Place) -> Counter:
    """Count events that happened as lately as they may; what is said of one in vain is refused."""
    windows = sorted((int(m[1]), n) for name, n in asked.items() if (m := _WINDOW.fullmatch(name)))
    said_ms = _last_ms(asked, now_ms)
    first_ms = _ms_in(asked["first_at"]) if "first_at" in asked else None
    count = _count_of(asked, windows, said_ms, now_ms)
    placed = list(_placed(windows, count, now_ms if said_ms is None else said_ms, now_ms))
    placed = _begun(placed, first_ms)
    last_ms = placed[0][0] if placed else now_ms
    counter = Counter(
        count=count,
        first_ms=placed[-1][0] if placed else last_ms,
        last_ms=last_ms,
        sums={name: number_of(value) for name, value in _of_properties("sum_", asked)},
        latest=dict(_of_properties("last_", asked)),
        since=dict(_of_properties("count_since_", asked)),
    )
    _fill_in(counter, placed)
    _check(counter, asked, now_ms, place)
    return counter


def _check(counter: Counter, asked: Mapping[str, Any], now_ms: int, place: Place) -> None:
    """Refuse what the counter does not say although it was asked for."""
    for attribute, value in asked.items():
        found = reader_of(attribute)(counter, now_ms)
        if not _is_said(attribute, value, found, is_known="last_at" in asked or not counter.count):
            place.at(attribute).refuse(f"does not go with the rest, by which it is {found}")


def _is_said(attribute: str, value: Any, found: Any, *, is_known: bool) -> bool:
    """Whether a counter says what was asked for; where the last instant `is_known`, days do not matter."""
    if attribute.startswith("count"):
        return bool(found == value)
    if attribute in {"first_at", "last_at"} and found is not None:
        return _ms_in(found) == _ms_in(value)
    return attribute != "days_since" or is_known or found == int(value)


def _last_ms(asked: Mapping[str, Any], now_ms: int) -> int | None:
    if "last_at" in asked:
        return _ms_in(asked["last_at"])
    return now_ms - round(asked["days_since"] * DAY_MS) if "days_since" in asked else None


def _ms_in(instant: str) -> int:
    return (fixed_instant(instant) or 0) // 1_000


def _of_properties(prefix: str, asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for attribute, value in asked.items():
        if attribute.startswith(prefix) and attribute != "last_at":
            yield attribute.removeprefix(prefix), value


def _placed(
    windows: list[tuple[int, int]], count: int, newest_ms: int, now_ms: int
) -> Iterator[tuple[int, int]]:
    """Tell when how many events happened, the newest first: inside each window as many as it asks for."""
    at_ms, before = newest_ms, 0
    for days, n in [*windows, (0, count)]:
        if n > before:
            yield at_ms, n - before
            before = n
        at_ms = min(newest_ms, now_ms - days * DAY_MS)


def _begun(placed: list[tuple[int, int]], first_ms: int | None) -> list[tuple[int, int]]:
    """Let the oldest of the events have happened at an instant, where that is no later than it could."""
    if not placed or first_ms is None or first_ms > placed[-1][0]:
        return placed
    *newer, (at_ms, n) = placed
    return [*newer, *([(at_ms, n - 1)] if n > 1 else []), (first_ms, 1)]


def _fill_in(counter: Counter, placed: list[tuple[int, int]]) -> None:
    for at_ms, n in placed:
        kept = min(n, RECENT_LIMIT - len(counter.recent))
        counter.recent[:0] = [at_ms] * kept
        if n > kept:
            counter.hours[at_ms // HOUR_MS] = counter.hours.get(at_ms // HOUR_MS, 0) + n - kept
