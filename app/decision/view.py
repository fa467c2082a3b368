"""A page load with everything it is decided on, and the records that it leaves."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self

import msgspec

from app.decision.fallback import nothing_published
from app.decision.inputs import Basis, encode_basis
from app.decision.known import Known, consent_of
from app.decision.page_load import PageLoad, unseen
from app.engine.consent import ANALYTICS, PERSONALIZATION, for_consent, granted, is_news, unheard
from app.engine.decision import Decision
from app.engine.evaluate import evaluate
from app.engine.profile import Profile
from app.engine.records import Assignment, CapDelivery, ConsentSaid, Event, Inputs, Merge, Record
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing
from app.kit.clock import ms_of
from app.kit.ids import id_at
from app.profiles.fold import fold
from app.profiles.merge import joined

# Nearly all are of 1 to 2 KB. The journal, which all share, has a bound on all of it and on each record.
_BASIS_BYTES = 256 * 1024


class View(msgspec.Struct, frozen=True, gc=False):
    """One page load at one instant. `profile` is as it stands after `changes`, empty without consent."""

    page: PageLoad
    ruleset: Ruleset | None
    now: datetime
    now_ms: int
    consent: frozenset[str]
    profile: Profile
    changes: Sequence[Record]

    @classmethod
    def of(cls, page: PageLoad, known: Known, ruleset: Ruleset | None, now: datetime) -> Self:
        """See a page load with what is known of who asks, and with what the request itself brings."""
        device = known.to_take_over(page.profile_key)
        own = known.profile
        held = consent_of(own, device)
        consent = granted(page.consent, held, ruleset)
        personal = PERSONALIZATION in consent
        changes: list[Record] = []
        profile = own if personal else Profile()
        if device is not None and personal:
            changes.append(_merge(page, now))
            profile, _ = joined(profile, device, ms_of(now), ruleset)
        # Where nothing is merged, what was said on the device does not reach the user.
        apart = device is not None and not personal
        if is_news(page.consent, held) or (apart and is_news(page.consent, own.consent)):
            changes.append(_consent(page, page.came_at or now))
        if page.events:
            if known.own is None:
                changes += unseen(for_consent(_unheard(page), consent), frozenset())
            else:
                changes += unseen(for_consent(page.events, consent), known.own.known_ids)
        folded = fold(profile, changes, ruleset) if changes and personal else profile
        return cls(page, ruleset, now, ms_of(now), consent, folded, changes)

    @property
    def may_log(self) -> bool:
        """Whether an assignment of this page load may be kept."""
        return self.page.countable and ANALYTICS in self.consent

    def basis(self, *, may_log: bool, may_enter: bool, refused: frozenset[str]) -> Basis:
        """Gather what the decision follows from; the visitor may or may not be logged and taken in."""
        page = self.page
        standing = Standing(page.visitor, page.user, may_log, may_enter, self.consent)
        return Basis(standing, self.profile, page.context, tuple(page.placements), refused, self.now)

    def decide_on(self, basis: Basis) -> Decision:
        """Take the decision; the same basis gives the same one."""
        if self.ruleset is None:
            return nothing_published(basis.placements)
        return evaluate(self.ruleset, basis.seen_by(self.ruleset), basis.placements, refused=basis.refused)

    def folded(self, records: Sequence[Record]) -> Profile | None:
        """Answer who asks after records of which `changes` are the first; None where it is not at hand."""
        if PERSONALIZATION not in self.consent or (self.changes and isinstance(self.changes[0], Merge)):
            return None
        return fold(self.profile, records[len(self.changes) :], self.ruleset)

    def records(self, decision: Decision, decision_id: str) -> Iterator[Record]:
        """Write down each arm of a decision, with stage and segments as they stood, and each cap used."""
        if not decision.arms and not decision.capped:
            return
        site, visitor, at_ms = self.page.site, self.page.profile_key, self.now_ms
        results_only = PERSONALIZATION not in self.consent
        stages, device, country = dict(decision.stages), self._said("device"), self._said("country")
        for taken in decision.arms:
            # In the order of its fields: to name sixteen takes three times as long.
            yield Assignment(
                site,
                visitor,
                decision_id,
                taken.experiment,
                taken.unit,
                taken.arm,
                taken.phase,
                decision.revision,
                taken.first,
                decision.stage,
                stages,
                decision.segments,
                device,
                country,
                at_ms,
                results_only,
            )
        for one in decision.capped:
            yield CapDelivery(site, visitor, id_at(self.now), one.rule, decision_id, at_ms)

    def inputs(self, basis: Basis, decision: Decision, decision_id: str) -> list[Inputs]:
        """Keep what a decision was taken on, if it is of usual size and there is a revision to tell it by."""
        try:
            asked = encode_basis(basis)
        except RecursionError:
            return []
        page, revision = self.page, decision.revision
        if not revision or len(asked) > _BASIS_BYTES:
            return []
        return [Inputs(page.site, page.profile_key, decision_id, revision, msgspec.Raw(asked), self.now_ms)]

    def _said(self, name: str) -> str | None:
        value = self.page.context.get(name)
        return value if isinstance(value, str) else None


def _unheard(page: PageLoad) -> Sequence[Event]:
    return unheard(page.events, page.consent, None if page.user is None else page.visitor)


def _merge(page: PageLoad, now: datetime) -> Merge:
    return Merge(page.site, page.visitor, id_at(now), page.profile_key, ms_of(now))


def _consent(page: PageLoad, now: datetime) -> ConsentSaid:
    return ConsentSaid(page.site, page.profile_key, id_at(now), dict(page.consent), ms_of(now))
