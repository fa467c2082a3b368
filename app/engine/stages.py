"""Where on a journey a visitor stands: the stage of highest precedence that holds."""

from collections.abc import Sequence

import msgspec

from app.engine.conditions import Predicate
from app.engine.counters import DAY_MS
from app.engine.profile import StageHeld
from app.engine.visitor import Visitor


class CompiledStage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage with its conditions compiled; `when` None never lets anybody in."""

    key: str
    when: Predicate | None
    stay: Predicate | None
    min_dwell_ms: int
    decay_ms: int | None


class CompiledJourney(msgspec.Struct, frozen=True, kw_only=True):
    """A journey. `stages` are sorted by precedence, highest first; `first` holds always."""

    key: str
    first: str
    stages: Sequence[CompiledStage]


def stage_of(journey: CompiledJourney, visitor: Visitor) -> str:
    """Name the stage of one journey at the visitor's instant, from what the profile says was held before."""
    held = visitor.profile.stages.get(journey.key)
    # The first stage holds always, so there is one.
    return next(s.key for s in journey.stages if s.key == journey.first or _holds(s, visitor, held))


def _holds(stage: CompiledStage, visitor: Visitor, held: StageHeld | None) -> bool:
    stands_here = held is not None and held.stage == stage.key
    if stands_here and held is not None and visitor.now_ms - held.since_ms < stage.min_dwell_ms:
        return True
    if stage.decay_ms is not None and visitor.now_ms - visitor.profile.last_event_ms >= stage.decay_ms:
        return False
    if stage.when is not None and stage.when(visitor, visitor.now):
        return True
    return stands_here and stage.stay is not None and stage.stay(visitor, visitor.now)


def decay_of(days: float | None) -> int | None:
    """Turn days until decay into milliseconds."""
    return None if days is None else round(days * DAY_MS)
