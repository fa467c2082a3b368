"""Which arm a visitor is in, by the profile or else by bucket, and what keeps a visitor out."""

from app.engine.bucketing import bucket_of
from app.engine.decision import ArmTaken
from app.engine.reasons import Lack
from app.engine.ruleset import CompiledExperiment, Ruleset
from app.engine.visitor import Standing, Visitor

HOLDOUT = "$holdout"
GENERIC, PERSONALIZED = "generic", "personalized"


def arm_in(experiment: CompiledExperiment, visitor: Visitor) -> ArmTaken | Lack:
    """Find a visitor's arm in an experiment that runs, or say what keeps the visitor out."""
    unit = _unit_of(visitor.standing, experiment.unit, experiment.before_login)
    if unit is None:
        return Lack.IDENTITY
    held = visitor.profile.arms.get(experiment.key)
    if held is not None and experiment.sticky and held.arm in experiment.arms:
        return ArmTaken(experiment.key, held.arm, experiment.phase, unit, first=False)
    first = held is None
    if first and not visitor.standing.may_enter:
        return Lack.LOGGING
    return _lack_of(experiment, unit, visitor) or ArmTaken(
        experiment.key, experiment.arm_of(unit), experiment.phase, unit, first
    )


def side_of_holdout(ruleset: Ruleset, visitor: Visitor) -> ArmTaken | None:
    """Say on which side of the holdout a visitor is; None where there is no holdout, or no unit for it."""
    holdout = ruleset.holdout
    unit = _unit_of(visitor.standing, holdout.unit, "visitor") if ruleset.holdout_end else None
    if unit is None:
        return None
    held = visitor.profile.arms.get(HOLDOUT)
    if held is None and not visitor.standing.may_enter:
        return None
    generic = bucket_of(unit, salt=holdout.salt, purpose="holdout") < ruleset.holdout_end
    side = held.arm if held is not None else (GENERIC if generic else PERSONALIZED)
    return ArmTaken(HOLDOUT, side, holdout.phase, unit, held is None)


def is_held_out(side: ArmTaken | None) -> bool:
    """Whether the visitor is among those who are kept on default content."""
    return side is not None and side.arm == GENERIC


def _lack_of(experiment: CompiledExperiment, unit: str, visitor: Visitor) -> Lack | None:
    """Say what keeps a unit out of an experiment that gives it no arm from the profile."""
    if not _is_in_group(experiment, visitor):
        return Lack.EXCLUSION_GROUP
    return None if experiment.in_traffic(unit) else Lack.TRAFFIC


def _is_in_group(experiment: CompiledExperiment, visitor: Visitor) -> bool:
    group = experiment.group
    if group is None:
        return True
    # A unit that already stands in another experiment of the group occupies the group.
    if any(other in visitor.profile.arms for other in group.others):
        return False
    unit = _unit_of(visitor.standing, group.unit, "visitor")
    return unit is not None and group.admits(unit)


def _unit_of(standing: Standing, unit: str, before_login: str) -> str | None:
    if unit == "visitor":
        return standing.visitor
    return standing.user or (standing.visitor if before_login == "visitor" else None)
