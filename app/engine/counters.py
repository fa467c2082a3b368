"""What can be asked of the events of one name, and what must be kept to answer it."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

import msgspec

from app.engine.event_attributes import NEVER_DAYS
from app.engine.profile import Counter
from app.kit.clock import rfc3339_of

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
RECENT_LIMIT = 1_000

Reader = Callable[[Counter, int], object]


class EventNeeds(msgspec.Struct, frozen=True):
    """What a ruleset asks of one event name, and so what a profile keeps of it.

    `restarts` are the names whose events are counted since the latest of this one.
    """

    window_days: int = 0
    sums: frozenset[str] = frozenset()
    latest: frozenset[str] = frozenset()
    since: frozenset[str] = frozenset()
    restarts: frozenset[str] = frozenset()

    @property
    def signature(self) -> str:
        """Sum up what is asked: the same wherever the same is asked, in every process."""
        return _signature_of_one(self)


def needs_of(paths: Iterable[str]) -> dict[str, EventNeeds]:
    """Gather what the attribute paths of a ruleset ask for, by event name; other paths are passed over."""
    asked: dict[str, list[str]] = {}
    for path in sorted(set(paths)):
        parts = path.split(".")
        if parts[0] == "events":
            asked.setdefault(parts[1], []).append(parts[2])
    restarts: dict[str, set[str]] = {}
    for name, attributes in asked.items():
        for attribute in attributes:
            if attribute.startswith("count_since_"):
                restarts.setdefault(attribute.removeprefix("count_since_"), set()).add(name)
    # "Since the latest order" needs to know when that was, so the other event is kept too.
    return {
        name: _needs_of_one(asked.get(name, []), restarts.get(name, ())) for name in {**asked, **restarts}
    }


def _needs_of_one(attributes: Sequence[str], restarts: Iterable[str]) -> EventNeeds:
    def after(prefix: str) -> frozenset[str]:
        return frozenset(
            a.removeprefix(prefix) for a in attributes if a.startswith(prefix) and a != "last_at"
        )

    windows = [int(match[1]) for a in attributes if (match := _WINDOW.fullmatch(a))]
    return EventNeeds(
        max(windows, default=0), after("sum_"), after("last_"), after("count_since_"), frozenset(restarts)
    )


@lru_cache(maxsize=4_096)
def _signature_of_one(needs: EventNeeds) -> str:
    return _signature_of(
        [[str(needs.window_days)], sorted(needs.sums), sorted(needs.latest), sorted(needs.since)]
    )


def signature_of(needs: Mapping[str, EventNeeds]) -> str:
    """Sum up what a whole ruleset asks of events; empty where it asks nothing."""
    return _signature_of([[name, one.signature] for name, one in sorted(needs.items())]) if needs else ""


def _signature_of(words: Sequence[Sequence[str]]) -> str:
    return blake2b(msgspec.json.encode(words), digest_size=6).hexdigest()


def count_within(days: int) -> Callable[[Counter, int], int]:
    """Make what counts the events in the `days` before an instant, exact while they are in `recent`."""
    window_ms = days * DAY_MS

    def read(counter: Counter, now_ms: int) -> int:
        since_ms = now_ms - window_ms
        recent = counter.recent
        exact = bisect_right(recent, now_ms) - bisect_right(recent, since_ms)
        if not counter.hours:
            return exact
        return exact + sum(n for hour, n in counter.hours.items() if since_ms < hour * HOUR_MS <= now_ms)

    return read


_WINDOW = re.compile(r"count_(\d+)d")
_PLAIN: dict[str, Reader] = {
    "count": lambda counter, _: counter.count,
    "first_at": lambda counter, _: rfc3339_of(counter.first_ms) if counter.count else None,
    "last_at": lambda counter, _: rfc3339_of(counter.last_ms) if counter.count else None,
    "days_since": lambda counter, now_ms: (
        max(0, now_ms - counter.last_ms) // DAY_MS if counter.count else NEVER_DAYS
    ),
}


@lru_cache(maxsize=4_096)
def reader_of(attribute: str) -> Reader:
    """Find how `events.<name>.<attribute>` is read from a counter; the attribute was checked at compile."""
    if attribute in _PLAIN:
        return _PLAIN[attribute]
    if match := _WINDOW.fullmatch(attribute):
        return count_within(int(match[1]))
    kind, _, rest = attribute.partition("_")
    if attribute.startswith("count_since_"):
        other = attribute.removeprefix("count_since_")
        return lambda counter, _: counter.since.get(other, counter.count)
    if kind == "sum":
        return lambda counter, _: counter.sums.get(rest, 0)
    return lambda counter, _: counter.latest.get(rest)
