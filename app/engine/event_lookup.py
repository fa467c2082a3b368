"""The events of a visitor as conditions ask for them."""

from collections.abc import Mapping

import msgspec

from app.engine.counters import reader_of
from app.engine.lookup import Lookup
from app.engine.profile import Counter

NEVER = Counter()
"""What is kept of an event that never happened."""


class EventLookup(Lookup, msgspec.Struct, frozen=True, eq=False, gc=False):
    """The counters of a profile, by event name, at one instant."""

    counters: Mapping[str, Counter]
    now_ms: int

    def get(self, key: str, /) -> object:
        """Answer what can be asked of one event name."""
        return _OfOneName(self.counters.get(key, NEVER), self.now_ms)


class _OfOneName(Lookup, msgspec.Struct, frozen=True, eq=False, gc=False):
    """The attributes of one event name."""

    counter: Counter
    now_ms: int

    def get(self, key: str, /) -> object:
        return reader_of(key)(self.counter, self.now_ms)
