"""Rules and assignment: each placement shows the first rule that addresses the visitor and has a variant."""

from collections.abc import Iterable

from app.engine.arms import arm_in, is_held_out, side_of_holdout
from app.engine.decision import NOTHING, ArmTaken, CapAsked, Choice, Decision
from app.engine.index import Search
from app.engine.reasons import Reason
from app.engine.ruleset import (
    CompiledCap,
    CompiledExperiment,
    CompiledPlacement,
    CompiledRule,
    CompiledVariant,
    Ruleset,
    best_first,
)
from app.engine.visitor import Visitor


def evaluate(
    ruleset: Ruleset, visitor: Visitor, placements: Iterable[str], *, refused: frozenset[str] = frozenset()
) -> Decision:
    """Choose one variant for each placement; the same input gives the same decision, always.

    `refused` names rules whose cap was found to be used up; they are passed over.
    """
    evaluation = Evaluation(ruleset, visitor, refused)
    chosen = {key: evaluation.choose(key) for key in placements}
    return Decision(
        ruleset.revision,
        visitor.stage,
        visitor.stages,
        tuple(visitor.segments),
        chosen,
        tuple(evaluation.arms),
        tuple(evaluation.capped.values()),
    )


def is_capped_out(rule: CompiledRule, visitor: Visitor, refused: frozenset[str]) -> bool:
    """Whether a rule's cap keeps it from delivering, as far as the profile or a refusal tells."""
    if rule.cap is None:
        return False
    # Whose profile may not be kept, of them nobody could tell how often something was shown.
    if rule.key in refused or "personalization" not in visitor.standing.consent:
        return True
    return not rule.cap.leaves_room(visitor.profile.caps.get(rule.key, ()), visitor.now_ms)


class Evaluation:
    """One decision under way: each experiment is asked once, however many placements it spans."""

    def __init__(self, ruleset: Ruleset, visitor: Visitor, refused: frozenset[str]) -> None:
        self._ruleset = ruleset
        self._refused = refused
        self._visitor = visitor
        locale = visitor.context.get("locale")
        self._locales = best_first(locale if isinstance(locale, str) else ruleset.site.default_locale)
        self.arms: list[ArmTaken] = []
        self.capped: dict[str, CapAsked] = {}
        self._arm_of: dict[str, str | None] = {}
        side = side_of_holdout(ruleset, visitor)
        self._log(side)
        self._held_out = is_held_out(side)
        self._search = Search(ruleset.index, visitor, held_out=self._held_out)

    def choose(self, key: str) -> Choice:
        """Choose what one placement shows."""
        placement = self._ruleset.placements.get(key)
        if placement is None:
            return Choice(None, NOTHING, Reason.UNKNOWN_PLACEMENT)
        number = self._search.first_at(key)
        while number is not None:
            rule = self._ruleset.rules[number]
            cap = rule.cap
            choice = (
                self._deliver(rule, placement) if cap is None else self._deliver_capped(rule, cap, placement)
            )
            if choice is not None:
                return choice
            number = self._search.first_at(key, number)
        reason = Reason.HOLDOUT if self._held_out else Reason.DEFAULT
        return self._show(placement.default, reason) if placement.default else Choice(None, NOTHING, reason)

    def _show(
        self,
        variant: CompiledVariant,
        reason: Reason,
        rule: str | None = None,
        experiment: str | None = None,
        arm: str | None = None,
    ) -> Choice:
        return Choice(variant.key, variant.content_for(self._locales), reason, rule, experiment, arm)

    def _deliver_capped(
        self, rule: CompiledRule, cap: CompiledCap, placement: CompiledPlacement
    ) -> Choice | None:
        """Do what `_deliver` does, as far as the rule's cap allows."""
        if is_capped_out(rule, self._visitor, self._refused):
            return None
        choice = self._deliver(rule, placement)
        if choice is not None:
            delivered = self._visitor.profile.caps.get(rule.key, ())
            self.capped[rule.key] = CapAsked(rule.key, cap, delivered)
        return choice

    def _deliver(self, rule: CompiledRule, placement: CompiledPlacement) -> Choice | None:
        """Answer what a rule shows here; None where the next rule decides."""
        if rule.experiment is None:
            return self._show(placement.variants[rule.variant or ""], Reason.RULE, rule.key)
        experiment = rule.experiment
        arm = self._arm(experiment)
        if arm is None:
            return None
        key = experiment.arms[arm].get(placement.key)
        if key is None:
            return None
        variant = placement.variants[key]
        if not experiment.running:
            return self._show(variant, Reason.RULE, rule.key)
        return self._show(variant, Reason.EXPERIMENT, rule.key, experiment.key, arm)

    def _arm(self, experiment: CompiledExperiment) -> str | None:
        if not experiment.running:
            return experiment.rollout
        key = experiment.key
        if key in self._arm_of:
            return self._arm_of[key]
        taken, arm = arm_in(experiment, self._visitor), None
        if isinstance(taken, ArmTaken):
            self._log(taken)
            arm = taken.arm
        self._arm_of[key] = arm
        return arm

    def _log(self, taken: ArmTaken | None) -> None:
        # A known arm is shown even where it must not be logged, as to a visitor without analytics consent.
        if taken is not None and self._visitor.standing.may_log:
            self.arms.append(taken)
