"""How a decision keeps to the caps of its rules: each is reserved once, before anything is shown."""

from collections.abc import Sequence

from app.decision.inputs import Basis
from app.decision.ports import Caps
from app.decision.view import View
from app.engine.decision import CapAsked, Decision
from app.profiles.loaded import ProfilesUnavailable


class Reservations:
    """The caps of one decision. Whatever it is taken on, each is asked for once."""

    def __init__(self, caps: Caps, view: View, decision_id: str, *, away: bool) -> None:
        self.degraded: tuple[str, ...] = ()
        self._caps = caps
        self._view = view
        self._decision_id = decision_id
        self._away = away
        self._reserved: set[str] = set()
        self._refused: frozenset[str] = frozenset()

    async def decide(self, *, may_log: bool, may_enter: bool) -> tuple[Basis, Decision]:
        """Take the decision, again without what is refused, until all that it delivers is reserved."""
        while True:
            basis = self._view.basis(may_log=may_log, may_enter=may_enter, refused=self._refused)
            decision = self._view.decide_on(basis)
            asked = [one for one in decision.capped if one.rule not in self._reserved]
            refused = await self._refused_of(asked) if asked else frozenset()
            if not refused:
                return basis, decision
            self._refused |= refused

    async def _refused_of(self, asked: Sequence[CapAsked]) -> frozenset[str]:
        page, now_ms = self._view.page, self._view.now_ms
        rules = frozenset(one.rule for one in asked)
        if not self._away:
            try:
                refused = await self._caps.reserve(
                    page.site, page.profile_key, self._decision_id, asked, now_ms
                )
            except ProfilesUnavailable:
                self._away = True
            else:
                self._reserved |= rules - refused
                return refused
        # Nobody can tell how often these were shown, so they are not.
        self.degraded = ("caps",)
        return rules
