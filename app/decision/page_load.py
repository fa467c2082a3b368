"""What is asked, once the edge has read it: who, where, in which context, and with whose consent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.engine.records import Event

# The edge refuses visitor ids that begin so: nobody can name another's profile as if it were a browser.
USER_PREFIX = "$user:"


class PageLoad(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A page asks what to show. `user` is proven; `consent` is what the visitor says now, by purpose.

    `countable` is false for robots and for pages that are only fetched ahead. `came_at` is when it came, if
    it is decided as of a later instant: nothing can have been said any later.
    """

    site: int
    visitor: str
    user: str | None = None
    placements: Sequence[str]
    context: Mapping[str, Any] = {}
    events: Sequence[Event] = ()
    consent: Mapping[str, bool] = {}
    countable: bool = True
    came_at: datetime | None = None

    @property
    def profile_key(self) -> str:
        """Whose profile is meant."""
        return self.visitor if self.user is None else profile_key(self.visitor, self.user)


def profile_key(visitor: str, user: str | None) -> str:
    """Name the profile of a visitor or, once somebody is known, of the user."""
    return visitor if user is None else USER_PREFIX + user


def unseen(events: Sequence[Event], known_ids: frozenset[str]) -> list[Event]:
    """Leave out events that are known already, and all but the first of those that share an id.

    What is left stands in the order in which profiles are the fold of it.
    """
    by_id: dict[str, Event] = {}
    for event in events:
        if event.id not in known_ids:
            by_id.setdefault(event.id, event)
    new = list(by_id.values())
    if len(new) > 1:
        new.sort(key=_order)
    return new


def _order(event: Event) -> tuple[int, str]:
    return event.at_ms, event.id
