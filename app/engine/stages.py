"""Where on a journey a visitor stands: the stage of highest precedence that holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy

import msgspec

from app.engine.conditions import Predicate
from app.engine.counters import DAY_MS
from app.engine.profile import Profile, StageHeld, StageMove
from app.engine.visitor import Visitor


class CompiledStage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage with its conditions compiled; `when` None never lets anybody in."""

    key: str
    when: Predicate | None
    stay: Predicate | None
    min_dwell_ms: int
    decay_ms: int | None


class CompiledJourney(msgspec.Struct, frozen=True, kw_only=True):
    """A journey. `first` holds always; `stages` are those above it, highest precedence first."""

    key: str
    first: str
    stages: Sequence[CompiledStage]


class Reached(msgspec.Struct, frozen=True, gc=False):
    """The stage of a journey that holds, and the condition that says so."""

    stage: str
    because: str


Resolve = Callable[[Profile, int], Mapping[str, Reached]]
"""Finds the stage of each journey for a profile at an instant, as a ruleset does."""


def stage_of(journey: CompiledJourney, visitor: Visitor) -> Reached:
    """Find the stage of one journey at the visitor's instant, from what the profile says was held before."""
    held = visitor.profile.stages.get(journey.key)
    left = None
    for stage in journey.stages:
        held_here = held if held is not None and held.stage == stage.key else None
        held_by = _holds(stage, visitor, held_here)
        if held_by is not None:
            return Reached(stage.key, left or f"{stage.key}.{held_by}")
        if held_here is not None:
            left = f"{stage.key}.{_lapsed(stage, visitor)}"
    return Reached(journey.first, left or f"{journey.first}.first")


def _holds(stage: CompiledStage, visitor: Visitor, held: StageHeld | None) -> str | None:
    """Name what holds a stage; None where nothing does. `held` is given where the visitor stands in it."""
    if held is not None and visitor.now_ms - held.since_ms < stage.min_dwell_ms:
        return "min_dwell_s"
    if _has_decayed(stage, visitor):
        return None
    if stage.when is not None and stage.when(visitor, visitor.now):
        return "when"
    if held is not None and stage.stay is not None and stage.stay(visitor, visitor.now):
        return "stay"
    return None


def _has_decayed(stage: CompiledStage, visitor: Visitor) -> bool:
    return stage.decay_ms is not None and visitor.now_ms - visitor.profile.last_event_ms >= stage.decay_ms


def _lapsed(stage: CompiledStage, visitor: Visitor) -> str:
    """Name what no longer holds a stage that the visitor has stood in."""
    if _has_decayed(stage, visitor):
        return "decay_after_days"
    return "when" if stage.stay is None else "stay"


def decay_of(days: float | None) -> int | None:
    """Turn days until decay into milliseconds."""
    return None if days is None else round(days * DAY_MS)


_UNTIMED: tuple[int, int | None] = (0, None)


class Timed(msgspec.Struct, frozen=True):
    """The stages of a ruleset that end by time alone: by journey and stage, dwell and decay in ms."""

    stages: Mapping[tuple[str, str], tuple[int, int | None]]

    @classmethod
    def of(cls, journeys: Iterable[CompiledJourney]) -> "Timed":
        """Find them."""
        return cls(
            {
                (journey.key, stage.key): (stage.min_dwell_ms, stage.decay_ms)
                for journey in journeys
                for stage in journey.stages
                if stage.min_dwell_ms or stage.decay_ms is not None
            }
        )

    def next_end(self, profile: Profile, after_ms: int, until_ms: int) -> int | None:
        """Find the first end of a dwell or decay of a held stage, after one instant and up to another."""
        if not self.stages or until_ms <= after_ms:
            return None
        first = None
        for journey, held in profile.stages.items():
            dwell_ms, decay_ms = self.stages.get((journey, held.stage), _UNTIMED)
            if dwell_ms and after_ms < (end_ms := held.since_ms + dwell_ms) <= until_ms:
                first = end_ms if first is None or end_ms < first else first
            if decay_ms is not None and after_ms < (end_ms := profile.last_event_ms + decay_ms) <= until_ms:
                first = end_ms if first is None or end_ms < first else first
        return first


def settle_past(
    profile: Profile, until_ms: int, timed: Timed, resolve: Resolve
) -> tuple[Profile, list[StageMove]]:
    """Let every dwell and decay that ended since the last settling, up to an instant, have its effect then.

    Answers the profile as it is where nothing ended.
    """
    moves: list[StageMove] = []
    at_ms = profile.settled_ms
    while (end_ms := timed.next_end(profile, at_ms, until_ms)) is not None:
        at_ms = end_ms
        profile, moved = settle_at(profile, at_ms, resolve)
        moves += moved
    return profile, moves


def settle_at(profile: Profile, at_ms: int, resolve: Resolve) -> tuple[Profile, list[StageMove]]:
    """Move each journey to the stage that holds at an instant, and say which moved and why."""
    moves = []
    # No comprehension, which would be a call more: this is asked after every event.
    for journey, now in resolve(profile, at_ms).items():
        held = profile.stages.get(journey)
        if held is None or held.stage != now.stage:
            came_from = None if held is None else held.stage
            moves.append(StageMove(journey, came_from, now.stage, at_ms, now.because))
    if not moves:
        return profile, moves
    settled = copy(profile)
    settled.stages = {**profile.stages, **{move.journey: StageHeld(move.stage, at_ms) for move in moves}}
    return settled, moves
