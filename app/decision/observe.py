"""What visitors did, made durable and seen by their next decision."""

from collections.abc import Sequence

import msgspec

from app.decision.page_load import PERSONALIZATION, for_consent, unseen
from app.decision.ports import Journal, Profiles, Rulesets
from app.decision.remember import remember
from app.engine.records import Event
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

    async def observe(self, events: Sequence[Event], consent: frozenset[str]) -> Observed:
        """Take in one visitor's events; an accepted one is durable when this returns.

        Raises:
            JournalUnavailable: when nothing of this could be made durable, and nothing was kept.

        """
        kept = for_consent(events, consent)
        # Without this consent a profile is neither read nor written, and shipping finds the duplicates.
        loaded = await self._load(kept) if kept and PERSONALIZATION in consent else None
        new = unseen(kept, loaded.known_ids if loaded is not None else frozenset())
        if new:
            await self._journal.append(new)
        if new and loaded is not None:
            await self._remember(loaded, new)
        return Observed(len(new), len(kept) - len(new), len(events) - len(kept))

    async def _load(self, events: Sequence[Event]) -> Loaded | None:
        site, visitor = events[0].site, events[0].visitor
        try:
            return await self._profiles.load(site, visitor, [event.id for event in events])
        except ProfilesUnavailable:
            # The journal alone makes an event durable; duplicates are found out when it is shipped.
            return None

    async def _remember(self, loaded: Loaded, new: Sequence[Event]) -> None:
        try:
            await remember(self._profiles, loaded, new, self._rulesets.ruleset_of(new[0].site))
        except ProfilesUnavailable:
            # Durable all the same: the durable copy gets it when the journal is shipped.
            return
