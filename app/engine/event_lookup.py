"""The events of a visitor as conditions ask for them."""

from collections.abc import Mapping

from app.engine.counters import reader_of
from app.engine.lookup import Lookup
from app.engine.profile import Counter

NEVER = Counter()
"""What is kept of an event that never happened."""


class EventLookup(Lookup):
    """The counters of a profile, by event name, at one instant."""

    __slots__ = ("counters", "now_ms")

    def __init__(self, counters: Mapping[str, Counter], now_ms: int) -> None:
        self.counters = counters
        self.now_ms = now_ms

    def get(self, key: str, /) -> object:
        """Answer what can be asked of one event name."""
        return _OfOneName(self.counters.get(key, NEVER), self.now_ms)


class _OfOneName(Lookup):
    """The attributes of one event name."""

    __slots__ = ("_counter", "_now_ms")

    def __init__(self, counter: Counter, now_ms: int) -> None:
        self._counter = counter
        self._now_ms = now_ms

    def get(self, key: str, /) -> object:
        return reader_of(key)(self._counter, self._now_ms)
