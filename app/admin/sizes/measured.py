"""What a sample of profiles has come to, as it is stored."""

from datetime import datetime

import msgspec

from app.admin.sizes.counts import Pair
from app.admin.sizes.learning import Need


class SegmentCount(msgspec.Struct, frozen=True):
    """Members of a segment in the sample."""

    segment: str
    members: int
    depends_on_context: bool
    need: Need


class StageCount(msgspec.Struct, frozen=True):
    """Visitors of the sample who stand in a stage."""

    stage: str
    members: int


class JourneyCount(msgspec.Struct, frozen=True):
    """A journey's stages, in order."""

    journey: str
    depends_on_context: bool
    stages: list[StageCount]


class Measured(msgspec.Struct, frozen=True):
    """Counts of the `sampled` of all `profiles`; `visitors` of them are not taken over by another.

    `shared` are the pairs of `overlapped` with somebody in both, most alike first.
    `approximate` profiles do not hold everything that the revision asks of events.
    """

    as_of: datetime
    revision: int
    profiles: int
    sampled: int
    visitors: int
    approximate: int
    segments: list[SegmentCount]
    journeys: list[JourneyCount]
    overlapped: list[str]
    shared: list[Pair]
