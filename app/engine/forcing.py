"""Decisions with something forced, and how they tell what was decided by that."""

from collections.abc import Iterable, Mapping

import msgspec

from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.decision import Choice, Decision
from app.engine.evaluate import Evaluation
from app.engine.forced import Forced
from app.engine.index import Search
from app.engine.reasons import Reason
from app.engine.ruleset import CompiledPlacement, CompiledRule, Ruleset
from app.engine.stages import CompiledJourney
from app.engine.visitor import Visitor


class Forcible(msgspec.Struct, frozen=True):
    """What a ruleset knows: the stages of each journey, the segments, the arms of each experiment."""

    stages: Mapping[str, frozenset[str]]
    segments: frozenset[str]
    arms: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, ruleset: Ruleset) -> "Forcible":
        """List it."""
        journeys = [step for step in ruleset.order if isinstance(step, CompiledJourney)]
        arms = {key: frozenset(experiment.arms) for key, experiment in ruleset.experiments.items()}
        return cls(
            {one.key: frozenset([one.first, *(stage.key for stage in one.stages)]) for one in journeys},
            frozenset(ruleset.segments),
            {**arms, HOLDOUT: frozenset({GENERIC, PERSONALIZED})},
        )


def fitting(forced: Forced, ruleset: Ruleset) -> Forced:
    """Leave out what a ruleset does not know."""
    known = Forcible.of(ruleset)
    return Forced(
        stages=_known(forced.stages, known.stages),
        segments={key: is_in for key, is_in in forced.segments.items() if key in known.segments},
        only=forced.only,
        arms=_known(forced.arms, known.arms),
    )


def _known(forced: Mapping[str, str], known: Mapping[str, frozenset[str]]) -> dict[str, str]:
    return {key: value for key, value in forced.items() if value in known.get(key, ())}


def evaluate_forced(
    ruleset: Ruleset, visitor: Visitor, placements: Iterable[str], forced: Forced, otherwise: Decision
) -> Decision:
    """Choose as `evaluate` does, for a visitor seen with the same forced, which fits the ruleset.

    Where a forced arm is shown, or another choice than `otherwise`, the decision taken with nothing forced,
    the reason is `preview`. An arm that is forced is shown to the rule's audience alone, but whatever the
    experiment's status, traffic and group.
    """
    evaluation = _Forcing(ruleset, visitor, forced.arms)
    chosen = {key: _told(evaluation.choose(key), otherwise.placements[key]) for key in placements}
    arms = tuple(evaluation.arms)
    return Decision(ruleset.revision, visitor.stage, visitor.stages, tuple(visitor.segments), chosen, arms)


def _told(choice: Choice, otherwise: Choice) -> Choice:
    if _what(choice) == _what(otherwise):
        return choice
    return msgspec.structs.replace(choice, reason=Reason.PREVIEW)


def _what(choice: Choice) -> tuple[str | None, ...]:
    return choice.variant, choice.reason, choice.rule, choice.arm


class _Forcing(Evaluation):
    """A decision in which some arms are given."""

    def __init__(self, ruleset: Ruleset, visitor: Visitor, arms: Mapping[str, str]) -> None:
        super().__init__(ruleset, visitor, frozenset())
        self._forced = arms
        if HOLDOUT in arms:
            self._held_out = arms[HOLDOUT] == GENERIC
            self._search = Search(ruleset.index, visitor, held_out=self._held_out)

    def _deliver(self, rule: CompiledRule, placement: CompiledPlacement) -> Choice | None:
        experiment = rule.experiment
        arm = None if experiment is None else self._forced.get(experiment.key)
        if experiment is None or arm is None:
            return super()._deliver(rule, placement)
        variant = experiment.arms[arm].get(placement.key)
        if variant is None:
            return None
        return self._show(placement.variants[variant], Reason.PREVIEW, rule.key, experiment.key, arm)
