"""Why each placement shows what it shows: every candidate rule in order, with exactly what it lacked."""

from collections.abc import Hashable, Iterable, Iterator, Mapping

import msgspec

from app.engine.arms import GENERIC, HOLDOUT, arm_in, is_held_out, side_of_holdout
from app.engine.conditions import compile_condition
from app.engine.conjuncts import Conjunct, conjuncts_of, identity_of
from app.engine.decision import ArmTaken
from app.engine.evaluate import is_capped_out
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.model import Audience, Schedule
from app.engine.reasons import Lack
from app.engine.ruleset import CompiledExperiment, CompiledRule, Ruleset
from app.engine.schedule import compile_schedule
from app.engine.visitor import Visitor
from app.kit.steps import Steps


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule at one placement; the one that is shown lacked nothing.

    `condition` points to the innermost parts of its audience's condition that do not hold.
    """

    rule: str
    lacked: tuple[Lack, ...]
    condition: tuple[str, ...] = ()


def tracing(
    ruleset: Ruleset,
    visitor: Visitor,
    placements: Iterable[str],
    *,
    refused: frozenset[str] = frozenset(),
    forced: Forced = NOTHING_FORCED,
) -> Steps[Mapping[str, list[Candidate]]]:
    """List the candidates of each placement in order, a rule in each step.

    The first that lacks nothing is the one that `evaluate` shows; what stands after it is outranked, whatever
    else it lacks. Of what is `forced`, the arms count here; stages and segments the visitor has already.
    """
    asking = _Asking(ruleset, visitor, refused, forced.arms)
    traces: dict[str, list[Candidate]] = {key: [] for key in placements}
    shown: set[str] = set()
    for rule in ruleset.rules:
        # A rule may name a placement twice, and is a candidate there once.
        if asked := traces.keys() & rule.source.placements:
            parts = tuple(asking.failing_parts(rule.source.audience))
            everywhere = [*asking.lacks_of(rule, has_failing_parts=bool(parts))]
            for placement in asked:
                lacked = [*everywhere, *asking.lacks_of_experiment(rule.experiment, placement)]
                if placement in shown:
                    lacked.append(Lack.OUTRANKED)
                elif not lacked:
                    shown.add(placement)
                traces[placement].append(Candidate(rule.key, tuple(lacked), parts))
        yield
    return traces


class _Asking:
    """Asks each rule of all that it asks; what many ask alike is found out once."""

    def __init__(
        self, ruleset: Ruleset, visitor: Visitor, refused: frozenset[str], arms: Mapping[str, str]
    ) -> None:
        self._zone = ruleset.zone
        self._visitor = visitor
        self._refused = refused
        self._arms = arms
        held_out = is_held_out(side_of_holdout(ruleset, visitor))
        self._held_out = arms[HOLDOUT] == GENERIC if HOLDOUT in arms else held_out
        self._known: dict[Hashable, bool] = {}

    def failing_parts(self, audience: Audience) -> Iterator[str]:
        for conjunct in conjuncts_of(audience.condition):
            if not self._holds(conjunct):
                yield conjunct.pointer

    def lacks_of(self, rule: CompiledRule, *, has_failing_parts: bool) -> Iterator[Lack]:
        """Name what keeps a rule from the visitor wherever it stands."""
        source = rule.source
        if self._held_out and not source.in_holdout:
            yield Lack.HOLDOUT
        if source.audience.stages and self._visitor.stage not in source.audience.stages:
            yield Lack.STAGE
        if not self._is_in_segments(source.audience):
            yield Lack.SEGMENT
        if has_failing_parts:
            yield Lack.CONDITION
        if source.schedule is not None and not self._is_in_force(source.schedule):
            yield Lack.SCHEDULE
        if not self._visitor.standing.consent.issuperset(source.consent):
            yield Lack.CONSENT
        if is_capped_out(rule, self._visitor, self._refused):
            yield Lack.CAP

    def lacks_of_experiment(self, experiment: CompiledExperiment | None, placement: str) -> Iterator[Lack]:
        """Name what keeps an experiment, if it is one that a rule delivers, from showing something here."""
        if experiment is None:
            return
        arm = self._arms.get(experiment.key) or self._arm_of(experiment)
        if isinstance(arm, Lack):
            yield arm
        elif experiment.arms[arm].get(placement) is None:
            yield Lack.VARIANT

    def _arm_of(self, experiment: CompiledExperiment) -> str | Lack:
        if not experiment.running:
            return experiment.rollout or Lack.NOT_RUNNING
        taken = arm_in(experiment, self._visitor)
        return taken.arm if isinstance(taken, ArmTaken) else taken

    def _holds(self, conjunct: Conjunct) -> bool:
        condition = conjunct.condition()
        identity = identity_of(condition)
        if identity not in self._known:
            self._known[identity] = compile_condition(condition)(self._visitor, self._visitor.now)
        return self._known[identity]

    def _is_in_segments(self, audience: Audience) -> bool:
        segments = self._visitor.segments
        wanted = not audience.segments or not set(audience.segments).isdisjoint(segments)
        return wanted and set(audience.not_segments).isdisjoint(segments)

    def _is_in_force(self, schedule: Schedule) -> bool:
        return compile_schedule(schedule, self._zone)(self._visitor.now)
