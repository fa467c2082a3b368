"""What each placement shows to one visitor, and a durable trace of the choice."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.decision.inputs import Basis
from app.decision.page_load import ANALYTICS, PERSONALIZATION, PageLoad, for_consent, unseen
from app.decision.ports import Journal, Profiles, Rulesets
from app.decision.remember import remember
from app.decision.view import View
from app.engine.decision import Decision
from app.engine.profile import Profile
from app.engine.records import Event, Record
from app.engine.ruleset import Ruleset
from app.journal.append import JournalUnavailable
from app.kit.ids import id_at
from app.profiles.codec import ABSENT
from app.profiles.loaded import Loaded, ProfilesUnavailable

_STRANGER = Loaded(Profile(), ABSENT)


class Decided(msgspec.Struct, frozen=True):
    """A decision with its id, what it follows from, and what it had to do without."""

    decision_id: str
    decision: Decision
    basis: Basis
    degraded: tuple[str, ...]


class Decide:
    """Chooses one variant per placement. Nothing that is missing ever makes it fail."""

    def __init__(self, profiles: Profiles, journal: Journal, rulesets: Rulesets) -> None:
        self._profiles = profiles
        self._journal = journal
        self._rulesets = rulesets

    async def decide(self, page: PageLoad, now: datetime) -> Decided:
        """Answer a page load; its assignments and events are durable before this returns."""
        decision_id = id_at(now)
        ruleset = self._rulesets.ruleset_of(page.site)
        degraded = [] if ruleset is not None else ["revision"]
        loaded = await self._load(page, degraded)
        events = unseen(for_consent(page.events, page.consent), loaded.known_ids)
        view = View.of(page, loaded.profile, events, ruleset, now)
        may_log = page.countable and ANALYTICS in page.consent
        basis = view.basis(may_log=may_log, may_enter=may_log and "profile" not in degraded)
        decision = view.decide_on(basis)
        records: list[Record] = [*events, *view.assignments(decision, decision_id)]
        try:
            await self._journal.append(records)
        except JournalUnavailable:
            # Better not in the test than in it and uncounted: decided again, as for one who cannot be logged.
            degraded.append("journal")
            basis = view.basis(may_log=False, may_enter=False)
            decision = view.decide_on(basis)
        else:
            await self._remember(page, loaded, records, ruleset, degraded)
        return Decided(decision_id, decision, basis, tuple(degraded))

    async def _load(self, page: PageLoad, degraded: list[str]) -> Loaded:
        if PERSONALIZATION not in page.consent:
            return _STRANGER
        try:
            return await self._profiles.load(page.site, page.profile_key, [event.id for event in page.events])
        except ProfilesUnavailable:
            degraded.append("profile")
            return _STRANGER

    async def _remember(
        self,
        page: PageLoad,
        loaded: Loaded,
        records: Sequence[Record],
        ruleset: Ruleset | None,
        degraded: list[str],
    ) -> None:
        """Write the profile where it changed: by an event, or by an arm taken for the first time."""
        changes = [record for record in records if isinstance(record, Event) or record.first]
        if not changes or PERSONALIZATION not in page.consent or "profile" in degraded:
            return
        try:
            await remember(self._profiles, loaded, changes, ruleset)
        except ProfilesUnavailable:
            degraded.append("profile")
