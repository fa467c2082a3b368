"""What a unit that was counted before keeps of it, where the rows that say so may be gone for their age."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Self

import asyncpg
import msgspec

from app.reporting.facts import Facts
from app.reporting.measure import STAGE_EVENT, Column

_SINCE = "SELECT table_name, since FROM kept_since WHERE site_id = $1"
_EVER = datetime.min.replace(tzinfo=UTC)
# Nothing is shown before it is decided, but clocks of visitors may be wrong.
_SHOWN_BEFORE = timedelta(days=1)


class Kept(msgspec.Struct, frozen=True):
    """Since when a site has all its rows; older ones, where they are still there, may be half of them."""

    assignments: datetime = _EVER
    events: datetime = _EVER

    @classmethod
    async def load(cls, connection: asyncpg.Connection, site_id: int) -> Self:
        """Read how far a site has let go; what rows were read before can only be more."""
        since = {row["table_name"]: row["since"] for row in await connection.fetch(_SINCE, site_id)}
        return cls(since.get("assignments", _EVER), since.get("events", _EVER))

    def has(self, facts: Facts) -> bool:
        """Whether all is there that a unit did from its first assignment on."""
        return facts.first_at >= max(self.assignments, self.events)

    def tells_all_from(self, columns: Iterable[Column]) -> datetime:
        """Tell from which first assignment on rows tell everything, what came before it as well."""
        longest = timedelta(seconds=max((-column.since_s for column in columns), default=0))
        return max(self.assignments, self.events + max(longest, _SHOWN_BEFORE))

    def joined(self, facts: Facts, before: Facts, columns: Iterable[Column]) -> Facts:
        """Put what was counted before of a unit in place of what rows cannot tell any more."""
        knows_assignments = facts.first_at >= self.assignments
        knows_exposure = knows_assignments and facts.first_at - _SHOWN_BEFORE >= self.events
        since_s = (self.events - facts.first_at).total_seconds()
        worth = [
            new if column.since_s >= since_s and (knows_assignments or column.event != STAGE_EVENT) else old
            for column, new, old in zip(columns, facts.worth, before.worth, strict=True)
        ]
        return msgspec.structs.replace(
            facts,
            crossed=facts.crossed or (before.crossed and not knows_assignments),
            exposed=facts.exposed or (before.exposed and not knows_exposure),
            worth=worth,
        )


def kept_of(
    kept: Kept, units: Iterable[Facts], before: Iterable[Facts], columns: Iterable[Column]
) -> list[Facts]:
    """Leave out the units that cannot be counted in full; `before` is what was counted of any of them.

    A unit is known again by its first assignment, whatever it is called by now: what it did rests on that.
    """
    columns = list(columns)
    told_from = kept.tells_all_from(columns)
    known = {(facts.visitor, facts.first_at): facts for facts in before if facts.first_at < told_from}
    found = []
    for facts in units:
        if facts.first_at >= told_from:
            found.append(facts)
            continue
        counted = known.get((facts.visitor, facts.first_at))
        if counted is not None:
            found.append(kept.joined(facts, counted, columns))
        elif kept.has(facts):
            found.append(facts)
    return found
