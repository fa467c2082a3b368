"""Rules and assignment: each placement shows the first rule that addresses the visitor and has a variant."""

from collections.abc import Iterable

from app.engine.bucketing import bucket_of
from app.engine.decision import NOTHING, ArmTaken, CapAsked, Choice, Decision
from app.engine.index import Search
from app.engine.reasons import Lack, Reason
from app.engine.ruleset import (
    CompiledExperiment,
    CompiledPlacement,
    CompiledRule,
    CompiledVariant,
    Ruleset,
)
from app.engine.visitor import Visitor

HOLDOUT = "$holdout"
GENERIC, PERSONALIZED = "generic", "personalized"


def evaluate(
    ruleset: Ruleset, visitor: Visitor, placements: Iterable[str], *, refused: frozenset[str] = frozenset()
) -> Decision:
    """Choose one variant for each placement; the same input gives the same decision, always.

    `refused` names rules whose cap was found to be used up; they are passed over.
    """
    evaluation = _Evaluation(ruleset, visitor, refused)
    chosen = {key: evaluation.choose(key) for key in placements}
    return Decision(
        ruleset.revision,
        visitor.stage,
        visitor.stages,
        tuple(visitor.segments),
        chosen,
        tuple(evaluation.arms),
        tuple(evaluation.capped.values()),
        evaluation.kept_out,
    )


def is_capped_out(rule: CompiledRule, visitor: Visitor, refused: frozenset[str]) -> bool:
    """Whether a rule's cap keeps it from delivering, as far as the profile or a refusal tells."""
    if rule.cap is None:
        return False
    # Whose profile may not be kept, of them nobody could tell how often something was shown.
    if rule.key in refused or "personalization" not in visitor.standing.consent:
        return True
    return not rule.cap.leaves_room(visitor.profile.caps.get(rule.key, ()), visitor.now_ms)


class _Evaluation:
    """One decision under way: each experiment is asked once, however many placements it spans."""

    def __init__(self, ruleset: Ruleset, visitor: Visitor, refused: frozenset[str]) -> None:
        self._ruleset = ruleset
        self._refused = refused
        self._visitor = visitor
        locale = visitor.context.given.get("locale")
        self._locale = locale if isinstance(locale, str) else ruleset.site.default_locale
        self.arms: list[ArmTaken] = []
        self.capped: dict[str, CapAsked] = {}
        self.kept_out: dict[str, Lack] = {}
        self._arm_of: dict[str, str | None] = {}
        self._held_out = self._side_of_holdout() == GENERIC
        self._search = Search(ruleset.index, visitor, held_out=self._held_out)

    def choose(self, key: str) -> Choice:
        placement = self._ruleset.placements.get(key)
        if placement is None:
            return Choice(None, NOTHING, Reason.UNKNOWN_PLACEMENT)
        for number in self._search.at(key):
            rule = self._ruleset.rules[number]
            if is_capped_out(rule, self._visitor, self._refused):
                continue
            choice = self._deliver(rule, placement)
            if choice is not None:
                self._note_cap(rule)
                return choice
        reason = Reason.HOLDOUT if self._held_out else Reason.DEFAULT
        return self._show(placement.default, reason) if placement.default else Choice(None, NOTHING, reason)

    def _note_cap(self, rule: CompiledRule) -> None:
        if rule.cap is not None:
            delivered = self._visitor.profile.caps.get(rule.key, ())
            self.capped[rule.key] = CapAsked(rule.key, rule.cap, delivered)

    def _show(
        self,
        variant: CompiledVariant,
        reason: Reason,
        rule: str | None = None,
        experiment: str | None = None,
        arm: str | None = None,
    ) -> Choice:
        return Choice(variant.key, variant.content_for(self._locale), reason, rule, experiment, arm)

    def _deliver(self, rule: CompiledRule, placement: CompiledPlacement) -> Choice | None:
        """Answer what a rule shows here; None where the next rule decides."""
        if rule.experiment is None:
            return self._show(placement.variants[rule.variant or ""], Reason.RULE, rule.key)
        experiment = rule.experiment
        arm = self._arm(experiment)
        key = experiment.arms[arm].get(placement.key) if arm is not None else None
        if key is None:
            return None
        variant = placement.variants[key]
        if not experiment.running:
            return self._show(variant, Reason.RULE, rule.key)
        return self._show(variant, Reason.EXPERIMENT, rule.key, experiment.key, arm)

    def _arm(self, experiment: CompiledExperiment) -> str | None:
        if not experiment.running:
            return experiment.rollout
        if experiment.key not in self._arm_of:
            self._arm_of[experiment.key] = self._take_arm(experiment)
        return self._arm_of[experiment.key]

    def _take_arm(self, experiment: CompiledExperiment) -> str | None:
        unit = self._unit_of(experiment.unit, experiment.before_login)
        if unit is None:
            self.kept_out[experiment.key] = Lack.IDENTITY
            return None
        held = self._visitor.profile.arms.get(experiment.key)
        known = held is not None and experiment.sticky and held.arm in experiment.arms
        lack = None if known else self._lack_of(experiment, unit)
        if lack is not None:
            self.kept_out[experiment.key] = lack
            return None
        arm = held.arm if known and held is not None else experiment.arm_of(unit)
        self._log(ArmTaken(experiment.key, arm, experiment.phase, unit, held is None))
        return arm

    def _lack_of(self, experiment: CompiledExperiment, unit: str) -> Lack | None:
        """Say what keeps a unit out of an experiment that has not met it before."""
        if not self._visitor.standing.may_enter:
            return Lack.LOGGING
        if not self._in_group(experiment):
            return Lack.EXCLUSION_GROUP
        return None if experiment.in_traffic(unit) else Lack.TRAFFIC

    def _in_group(self, experiment: CompiledExperiment) -> bool:
        group = experiment.group
        if group is None:
            return True
        # A unit that already stands in another experiment of the group occupies the group.
        if any(other in self._visitor.profile.arms for other in group.others):
            return False
        unit = self._unit_of(group.unit, "visitor")
        return unit is not None and group.admits(unit)

    def _side_of_holdout(self) -> str | None:
        holdout = self._ruleset.holdout
        unit = self._unit_of(holdout.unit, "visitor")
        if not self._ruleset.holdout_end or unit is None:
            return None
        held = self._visitor.profile.arms.get(HOLDOUT)
        if held is None and not self._visitor.standing.may_enter:
            return None
        generic = bucket_of(unit, salt=holdout.salt, purpose="holdout") < self._ruleset.holdout_end
        side = held.arm if held is not None else (GENERIC if generic else PERSONALIZED)
        self._log(ArmTaken(HOLDOUT, side, 1, unit, held is None))
        return side

    def _unit_of(self, unit: str, before_login: str) -> str | None:
        standing = self._visitor.standing
        if unit == "visitor":
            return standing.visitor
        return standing.user or (standing.visitor if before_login == "visitor" else None)

    def _log(self, taken: ArmTaken) -> None:
        # A known arm is shown even where it must not be logged, as to a visitor without analytics consent.
        if self._visitor.standing.may_log:
            self.arms.append(taken)
