"""What a page shows to a tester: decided as ever, by whichever ruleset, and nothing of it kept."""

from datetime import datetime

from app.decision.caps import Reservations
from app.decision.decide import Decided
from app.decision.known import Known, load_known
from app.decision.page_load import PageLoad
from app.decision.ports import Caps, Profiles
from app.decision.view import View
from app.engine.evaluate import evaluate
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.forcing import evaluate_forced
from app.engine.ruleset import Ruleset
from app.kit.ids import id_at


class Preview:
    """Decides for testers. Profiles are read; nothing is logged, counted, reserved or remembered."""

    def __init__(self, profiles: Profiles, caps: Caps) -> None:
        self._profiles = profiles
        self._caps = caps

    async def decide(self, page: PageLoad, ruleset: Ruleset, forced: Forced, now: datetime) -> Decided:
        """Answer a page load by a ruleset, with what is forced, which fits it.

        What a cap has left is shown, and taken from nobody. `basis` is as if nothing were forced.
        """
        known = await load_known(self._profiles, page)
        view = View.of(page, known, ruleset, now)
        may_enter = view.may_log and known.own is not None
        basis = view.basis(may_log=False, may_enter=may_enter, refused=frozenset())
        seen = basis.seen_by(ruleset)
        decision = evaluate(ruleset, seen, basis.placements)
        if forced != NOTHING_FORCED:
            seen = ruleset.see(basis.profile, basis.context, basis.standing, now, forced)
            decision = evaluate_forced(ruleset, seen, basis.placements, forced, decision)
        return Decided(id_at(now), decision, basis, _lacking(view, known))

    async def decide_unlogged(self, page: PageLoad, ruleset: Ruleset | None, now: datetime) -> Decided:
        """Answer a page load whose link does not hold, by what is in force.

        Since nothing is kept, nobody is taken into an experiment, and what has a cap is not shown: whoever
        makes up a link comes by nothing that others do not get.
        """
        known = await load_known(self._profiles, page)
        view, decision_id = View.of(page, known, ruleset, now), id_at(now)
        caps = Reservations(self._caps, view, decision_id, away=True)
        basis, decision = await caps.decide(may_log=False, may_enter=False)
        return Decided(decision_id, decision, basis, ("preview", *_lacking(view, known), *caps.degraded))


def _lacking(view: View, known: Known) -> tuple[str, ...]:
    """Say what the decision has to do without; history that a profile lacks is not filled in for it."""
    lacking = () if view.ruleset is not None else ("revision",)
    if known.own is None:
        return (*lacking, "profile")
    has_counted = view.ruleset is None or view.ruleset.has_counted(view.profile)
    return lacking if has_counted else (*lacking, "history")
