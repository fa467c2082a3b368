"""How an event changes what is kept of the events of its name: pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
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

# A number beyond is none that anybody means: it, or its square in results, would push small ones out of sums,
# and enough of them would make a sum infinite.
LARGEST = 1e15

_LARGEST_INTEGER = 2**63


def count(
    counters: dict[str, Counter],
    event: Event,
    needs: EventNeeds,
    own: set[str],
    *,
    complete: bool = True,
) -> None:
    """Count an event of whose name this is asked.

    Counters in `own` are changed where they are; any other stays as it was, and a copy that from then on is
    in `own` takes its place. `complete` says that nothing of this visitor is missing from the counters, so
    that one which begins now has missed nothing either.
    """
    counter = counters.get(event.name) or Counter(asked=needs.signature if complete else "")
    if event.name not in own:
        own.add(event.name)
        counter = copy(counter)
        counter.recent = counter.recent.copy()
    _count(counter, counters, event, needs)
    counters[event.name] = counter
    if needs.restarts and counter.last_ms == event.at_ms:
        _count_anew(counters, event, needs.restarts)


def upheld(counters: Mapping[str, Counter], needs: Mapping[str, EventNeeds]) -> dict[str, Counter]:
    """Answer the counters; those are no longer said to be complete which these needs do not keep so."""
    return {
        name: counter if _is_upheld(counter, needs.get(name)) else replace(counter, asked="")
        for name, counter in counters.items()
    }


def _is_upheld(counter: Counter, needs: EventNeeds | None) -> bool:
    return not counter.asked or (needs is not None and needs.signature == counter.asked)


def _count_anew(counters: dict[str, Counter], latest: Event, restarts: Iterable[str]) -> None:
    """Count since the latest event of a name what is known to have come later: as a rule, nothing."""
    for name in restarts:
        counter = counters.get(name)
        if counter is not None:
            renewed = copy(counter)
            since = counted_from(counter, latest.at_ms + 1) if counter.last_ms > latest.at_ms else 0
            renewed.since = {**counter.since, latest.name: since}
            counters[name] = renewed


def counted_from(counter: Counter, at_ms: int) -> int:
    """Count the events from an instant on, as far as their instants are kept, as the latest always is."""
    if counter.first_ms >= at_ms:
        return counter.count
    return max(len(counter.recent) - bisect_left(counter.recent, at_ms), int(counter.last_ms >= at_ms))


def earlier(known_ms: int, at_ms: int) -> int:
    """Tell the earlier of two instants, of which the one known may be 0 for none."""
    return known_ms if known_ms and known_ms < at_ms else at_ms


def _count(counter: Counter, counters: Mapping[str, Counter], event: Event, needs: EventNeeds) -> None:
    """Count an event in the counter of its name; `counters` are those before it."""
    if needs.since:
        counter.since = {
            # What comes late, from before the latest event of that name, was not since.
            name: counter.since.get(name, counter.count)
            + (name not in counters or event.at_ms >= counters[name].last_ms)
            for name in needs.since
        }
    if needs.latest:
        is_latest = event.at_ms >= counter.last_ms
        counter.latest = counter.latest | {
            name: kept(event.properties[name])
            for name in needs.latest
            # What comes late tells only what no other event has told.
            if name in event.properties and (is_latest or name not in counter.latest)
        }
    counter.count += 1
    if not counter.first_ms or event.at_ms < counter.first_ms:
        counter.first_ms = event.at_ms
    if counter.last_ms < event.at_ms:  # noqa: PLR1730 - every event comes through here, and max is a call
        counter.last_ms = event.at_ms
    if needs.sums:
        counter.sums = counter.sums | {
            name: counter.sums.get(name, 0.0) + amount_of(event.properties.get(name)) for name in needs.sums
        }
    if needs.window_days:
        _remember(counter, event.at_ms, needs.window_days)


def _remember(counter: Counter, at_ms: int, window_days: int) -> None:
    """Keep an instant for as long as a window can ask for it; beyond the bound only its hour is kept."""
    since_ms, recent = counter.last_ms - window_days * DAY_MS, counter.recent
    if recent and recent[0] <= since_ms:
        del recent[: bisect_right(recent, since_ms)]
    insort(recent, at_ms)
    if not counter.hours and len(recent) <= RECENT_LIMIT:
        return
    hours = {hour: count for hour, count in counter.hours.items() if (hour + 1) * HOUR_MS > since_ms}
    for pushed_out in recent[:-RECENT_LIMIT]:
        hour = pushed_out // HOUR_MS
        hours[hour] = hours.get(hour, 0) + 1
    del recent[:-RECENT_LIMIT]
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


def amount_of(value: object) -> float:
    """Read a property as what it adds to a sum: 0 for what is no number, and for one beyond `LARGEST`."""
    number = number_of(value)
    return number if abs(number) <= LARGEST else 0.0


def kept(value: Any) -> Any:
    """Answer what is kept of a property as its latest value, so that no visitor can make a profile large."""
    if isinstance(value, str):
        return value[:TEXT_LIMIT]
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        return number_of(value)
    if isinstance(value, list):
        return [kept(item) for item in value[:LIST_LIMIT] if not isinstance(item, list | dict)]
    return None if isinstance(value, dict) else value
