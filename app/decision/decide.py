"""What each placement shows to one visitor, and a durable trace of the choice."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.decision.caps import Reservations
from app.decision.inputs import Basis
from app.decision.known import Known, load_known
from app.decision.page_load import PageLoad
from app.decision.ports import Caps, History, Journal, Profiles, Rulesets
from app.decision.remember import remember
from app.decision.view import View
from app.engine.bucketing import bucket_of, share_bound
from app.engine.consent import ANALYTICS
from app.engine.decision import Decision
from app.engine.records import Record, changes_profiles
from app.journal.append import JournalUnavailable
from app.kit.ids import id_at
from app.profiles.loaded import Loaded, ProfilesUnavailable


class Decided(msgspec.Struct, frozen=True, gc=False):
    """A decision with its id, what it follows from, and what it had to do without."""

    decision_id: str
    decision: Decision
    basis: Basis
    degraded: tuple[str, ...]


class Decide:
    """Chooses one variant per placement. Nothing that is missing ever makes it fail.

    What a decision was taken on is kept for each that takes or continues an arm, and for `sampled` percent of
    the others that may be logged. `degraded` counts what decisions had to do without.
    """

    def __init__(
        self,
        *,
        profiles: Profiles,
        journal: Journal,
        rulesets: Rulesets,
        caps: Caps,
        history: History,
        sampled: float = 0,
    ) -> None:
        self._profiles = profiles
        self._journal = journal
        self._rulesets = rulesets
        self._caps = caps
        self._history = history
        self._sampled_end = share_bound(sampled)
        self.degraded: Counter[str] = Counter()

    async def decide(self, page: PageLoad, now: datetime) -> Decided:
        """Answer a page load; its records are durable before this returns."""
        decision_id = id_at(now)
        # Taken before anything is waited for: everything about this decision is of one revision.
        ruleset = self._rulesets.ruleset_of(page.site)
        known = await load_known(self._profiles, page)
        view = View.of(page, known, ruleset, now)
        degraded = self._missing(view, known)
        caps = Reservations(self._caps, view, decision_id, away=known.own is None)
        may_log = view.may_log
        basis, decision = await caps.decide(may_log=may_log, may_enter=may_log and known.own is not None)
        records = [*view.changes, *view.records(decision, decision_id)]
        if decision.arms or (may_log and self._is_sampled(decision_id) and _is_heard(page, known)):
            records += view.inputs(basis, decision, decision_id)
        try:
            await self._journal.append(records)
        except JournalUnavailable:
            # Better not in the test than in it and uncounted: decided again, as for one who cannot be logged.
            degraded.append("journal")
            basis, decision = await caps.decide(may_log=False, may_enter=False)
        else:
            if known.own is not None and any(map(changes_profiles, records)):
                degraded += await self._remember(view, known.own, known.device, records)
        lacking = (*degraded, *caps.degraded)
        if lacking:
            self.degraded.update(lacking)
        return Decided(decision_id, decision, basis, lacking)

    def _missing(self, view: View, known: Known) -> list[str]:
        """Say what this decision has to do without."""
        if view.ruleset is None:
            return ["revision"] if known.own is not None else ["revision", "profile"]
        if known.own is None:
            return ["profile"]
        if view.ruleset.has_counted(view.profile):
            return []
        self._history.offer(view.page.site, view.page.profile_key)
        return ["history"]

    def _is_sampled(self, decision_id: str) -> bool:
        return bucket_of(decision_id, salt="decisions", purpose="sample") < self._sampled_end

    async def _remember(
        self, view: View, own: Loaded, device: Loaded | None, records: Sequence[Record]
    ) -> list[str]:
        """Write a profile that has changed, and say what is missing where that fails."""
        changes = list(filter(changes_profiles, records))
        try:
            folded = view.folded(changes)
            await remember(self._profiles, own, changes, view.ruleset, device, folded)
        except ProfilesUnavailable:
            return ["profile"]
        return []


def _is_heard(page: PageLoad, known: Known) -> bool:
    """Whether it is known what the visitor said of analytics: what is not an event is not settled later."""
    return known.own is not None or ANALYTICS in page.consent
