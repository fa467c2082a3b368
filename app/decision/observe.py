"""What visitors did, made durable and seen by their next decision."""

from collections.abc import Mapping, Sequence

import msgspec

from app.decision.known import consent_of, load_both
from app.decision.page_load import unseen
from app.decision.ports import Journal, Profiles, Rulesets
from app.decision.remember import remember
from app.engine.consent import for_consent, granted, is_news, unheard
from app.engine.records import ConsentSaid, Event, Record, is_for_profiles
from app.engine.ruleset import Ruleset
from app.kit.clock import instant_of
from app.kit.ids import id_at
from app.profiles.loaded import Loaded, ProfilesUnavailable


class Observed(msgspec.Struct, frozen=True):
    """How many events were taken in, were known already, or may not be kept for want of consent."""

    accepted: int
    duplicate: int
    ignored: int


class Observe:
    """Takes in events."""

    def __init__(self, profiles: Profiles, journal: Journal, rulesets: Rulesets) -> None:
        self._profiles = profiles
        self._journal = journal
        self._rulesets = rulesets

    async def observe(
        self, events: Sequence[Event], said: Mapping[str, bool], device: str | None = None
    ) -> Observed:
        """Take in one visitor's events, and what is said of consent; both are durable when this returns.

        What was said on the `device` of a user who has yet to take it over counts for that user, too.

        Raises:
            JournalUnavailable: when nothing of this could be made durable, and nothing was kept.

        """
        site, visitor = events[0].site, events[0].visitor
        ruleset = self._rulesets.ruleset_of(site)
        known = await load_both(self._profiles, site, visitor, device, [event.id for event in events])
        loaded = known.own
        if loaded is None:
            events = unheard(events, said, device)
        own = known.profile
        held = consent_of(own, known.to_take_over(visitor))
        kept = for_consent(events, granted(said, held, ruleset))
        # Where the store is away, the journal alone makes events durable, and shipping finds the duplicates.
        new = unseen(kept, frozenset() if loaded is None else loaded.known_ids)
        records: list[Record] = []
        if is_news(said, held) or is_news(said, own.consent):
            records.append(_consent(events[0], said))
        records += new
        await self._journal.append(records)
        if loaded is not None:
            await self._remember(loaded, [r for r in records if is_for_profiles(r)], ruleset)
        return Observed(len(new), len(kept) - len(new), len(events) - len(kept))

    async def _remember(self, loaded: Loaded, records: Sequence[Record], ruleset: Ruleset | None) -> None:
        try:
            if records:
                await remember(self._profiles, loaded, records, ruleset)
        except ProfilesUnavailable:
            # Durable all the same: the durable copy gets it when the journal is shipped.
            return


def _consent(event: Event, said: Mapping[str, bool]) -> ConsentSaid:
    at = instant_of(event.received_ms)
    return ConsentSaid(event.site, event.visitor, id_at(at), dict(said), event.received_ms)
