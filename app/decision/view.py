"""A page load with everything it is decided on, and the records that its decision leaves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import msgspec

from app.decision.fallback import nothing_published
from app.decision.inputs import Basis
from app.decision.page_load import PERSONALIZATION, PageLoad
from app.engine.decision import Decision
from app.engine.evaluate import evaluate
from app.engine.profile import Profile
from app.engine.records import Assignment, Event
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing
from app.kit.clock import ms_of
from app.profiles.fold import fold


class View(msgspec.Struct, frozen=True):
    """One page load at one instant, its own events folded in."""

    page: PageLoad
    profile: Profile
    ruleset: Ruleset | None
    now: datetime

    @classmethod
    def of(
        cls,
        page: PageLoad,
        profile: Profile,
        events: Sequence[Event],
        ruleset: Ruleset | None,
        now: datetime,
    ) -> Self:
        """See a page load with the profile as it stands after its events."""
        return cls(page, fold(profile, events, ruleset) if events else profile, ruleset, now)

    def basis(self, *, may_log: bool, may_enter: bool) -> Basis:
        """Gather what the decision follows from, for one who may or may not be logged and taken in."""
        standing = Standing(
            visitor=self.page.visitor,
            user=self.page.user,
            may_log=may_log,
            may_enter=may_enter,
            consent=self.page.consent,
        )
        return Basis(
            standing=standing,
            profile=self.profile,
            context=self.page.context,
            placements=tuple(self.page.placements),
            refused=frozenset(),
            now=self.now,
        )

    def decide_on(self, basis: Basis) -> Decision:
        """Take the decision; the same basis gives the same one."""
        if self.ruleset is None:
            return nothing_published(basis.placements)
        return evaluate(self.ruleset, basis.seen_by(self.ruleset), basis.placements, refused=basis.refused)

    def assignments(self, decision: Decision, decision_id: str) -> list[Assignment]:
        """Write down each arm of a decision, with stage and segments as they stood."""
        at_ms = ms_of(self.now)
        return [
            Assignment(
                site=self.page.site,
                visitor=self.page.profile_key,
                decision_id=decision_id,
                experiment=taken.experiment,
                unit=taken.unit,
                arm=taken.arm,
                phase=taken.phase,
                revision=decision.revision,
                first=taken.first,
                stage=decision.stage,
                stages=dict(decision.stages),
                segments=decision.segments,
                device=self._said("device"),
                country=self._said("country"),
                at_ms=at_ms,
                results_only=PERSONALIZATION not in self.page.consent,
            )
            for taken in decision.arms
        ]

    def _said(self, name: str) -> str | None:
        value = self.page.context.get(name)
        return value if isinstance(value, str) else None
