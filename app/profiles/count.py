"""How an event changes what is kept of the events of its name: pure."""

from bisect import bisect_right, insort
from collections.abc import Mapping
from copy import copy
from math import isfinite
from typing import Any

from msgspec.structs import replace

from app.engine.counters import DAY_MS, HOUR_MS, RECENT_LIMIT, EventNeeds
from app.engine.orderings import number_in
from app.engine.profile import Counter
from app.engine.records import Event

TEXT_LIMIT = 1_024
LIST_LIMIT = 32

_LARGEST_INTEGER = 2**63


def count(
    counters: Mapping[str, Counter], event: Event, needs: Mapping[str, EventNeeds], *, complete: bool = True
) -> dict[str, Counter]:
    """Answer the counters after an event of which something is asked; those given stay as they were.

    `complete` says that nothing of this visitor is missing from the counters, so that one which begins now
    has missed nothing either.
    """
    after = dict(counters)
    after[event.name] = _counted(counters, event, needs[event.name], complete=complete)
    if after[event.name].last_ms == event.at_ms:
        _count_anew(after, event.name, needs)
    return after


def upheld(counters: Mapping[str, Counter], needs: Mapping[str, EventNeeds]) -> dict[str, Counter]:
    """Answer the counters; those are no longer said to be complete which these needs do not keep so."""
    return {
        name: counter if _is_upheld(counter, needs.get(name)) else replace(counter, asked="")
        for name, counter in counters.items()
    }


def _is_upheld(counter: Counter, needs: EventNeeds | None) -> bool:
    return not counter.asked or (needs is not None and needs.signature == counter.asked)


def _count_anew(counters: dict[str, Counter], latest: str, needs: Mapping[str, EventNeeds]) -> None:
    """Let what is counted since the latest event of a name start at 0."""
    for name, counter in counters.items():
        if name in needs and latest in needs[name].since:
            renewed = copy(counter)
            renewed.since = {**counter.since, latest: 0}
            counters[name] = renewed


def earlier(known_ms: int, at_ms: int) -> int:
    """Tell the earlier of two instants, of which the one known may be 0 for none."""
    return min(known_ms, at_ms) if known_ms else at_ms


def _counted(counters: Mapping[str, Counter], event: Event, needs: EventNeeds, *, complete: bool) -> Counter:
    known = counters.get(event.name)
    counter = copy(known) if known is not None else Counter(asked=needs.signature if complete else "")
    is_latest = event.at_ms >= counter.last_ms
    counter.count += 1
    counter.first_ms = earlier(counter.first_ms, event.at_ms)
    counter.last_ms = max(counter.last_ms, event.at_ms)
    if needs.window_days:
        _remember(counter, event.at_ms, needs.window_days)
    if needs.sums:
        counter.sums = counter.sums | {
            name: counter.sums.get(name, 0.0) + number_of(event.properties.get(name)) for name in needs.sums
        }
    if needs.latest and is_latest:
        counter.latest = counter.latest | {
            name: _kept(event.properties[name]) for name in needs.latest if name in event.properties
        }
    if needs.since:
        before = counter.count - 1
        counter.since = {
            # What comes late, from before the latest event of that name, was not since.
            name: counter.since.get(name, before)
            + (name not in counters or event.at_ms >= counters[name].last_ms)
            for name in needs.since
        }
    return counter


def _remember(counter: Counter, at_ms: int, window_days: int) -> None:
    """Keep an instant for as long as a window can ask for it; beyond the bound only its hour is kept."""
    since_ms = counter.last_ms - window_days * DAY_MS
    recent = counter.recent[bisect_right(counter.recent, since_ms) :]
    insort(recent, at_ms)
    hours = {hour: count for hour, count in counter.hours.items() if (hour + 1) * HOUR_MS > since_ms}
    for pushed_out in recent[:-RECENT_LIMIT]:
        hour = pushed_out // HOUR_MS
        hours[hour] = hours.get(hour, 0) + 1
    counter.recent = recent[-RECENT_LIMIT:]
    counter.hours = hours


def number_of(value: object) -> float:
    """Read a property as a number: a numeric string counts as its number, anything else as 0."""
    if isinstance(value, str):
        return number_in(value) or 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        number = float(value)
    except OverflowError:
        return 0.0
    return number if isfinite(number) else 0.0


def _kept(value: Any) -> Any:
    """Bound what is kept of a property, so that no visitor can make a profile large."""
    if isinstance(value, str):
        return value[:TEXT_LIMIT]
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        return number_of(value)
    if isinstance(value, list):
        return [_kept(item) for item in value[:LIST_LIMIT] if not isinstance(item, list | dict)]
    return None if isinstance(value, dict) else value
