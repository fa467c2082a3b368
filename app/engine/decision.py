"""What the engine answers: a variant per placement and the arms that go with it."""

from collections.abc import Mapping, Sequence

import msgspec

from app.engine.reasons import Reason
from app.engine.ruleset import CompiledCap

NOTHING = msgspec.Raw(b"null")


class Choice(msgspec.Struct, frozen=True, gc=False):
    """What one placement shows. `content` is JSON, encoded once at compile."""

    variant: str | None
    content: msgspec.Raw
    reason: Reason
    rule: str | None = None
    experiment: str | None = None
    arm: str | None = None


class ArmTaken(msgspec.Struct, frozen=True, gc=False):
    """An arm to log: `first` where the unit was in no arm of this experiment before."""

    experiment: str
    arm: str
    phase: int
    unit: str
    first: bool


class CapAsked(msgspec.Struct, frozen=True, gc=False):
    """One more delivery of a capped rule; `delivered` are those that the profile knows of, in ms."""

    rule: str
    cap: CompiledCap
    delivered: Sequence[int]


class Decision(msgspec.Struct, frozen=True, gc=False):
    """One visitor's placements at one instant.

    `capped` lists the rules that deliver under a cap, to be reserved before this may be shown.
    """

    revision: int
    stage: str | None
    stages: Mapping[str, str]
    segments: tuple[str, ...]
    placements: Mapping[str, Choice]
    arms: tuple[ArmTaken, ...]
    capped: tuple[CapAsked, ...] = ()
