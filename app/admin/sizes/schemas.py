"""What is answered of the sizes of segments and stages."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.admin.runs.queue import State

SIZES = "sizes"
SAMPLE = 20_000
MOST_SAMPLED = 200_000


class Sampled(BaseModel):
    """On what the figures rest.

    Of all stored `profiles` so many were `sampled`, by a hash of the visitor; `exact` where these are all.
    `visitors` of the sample are nobody else's: what a user has taken over counts as that user. `approximate`
    ones do not hold everything that the revision asks of events. `refreshing`: newer figures are coming.
    """

    as_of: datetime
    revision: int
    profiles: int
    sampled: int
    visitors: int
    approximate: int
    exact: bool
    confidence: float
    refreshing: bool


class TooSmall(BaseModel):
    """A segment is too small to learn anything in: its interval ends below the units that a test needs."""

    code: Literal["too_small_to_learn_from"] = "too_small_to_learn_from"
    units_needed: int
    rule: str
    experiment: str | None


class Size(BaseModel):
    """How many visitors, scaled to all profiles, with the interval; `share` is of the sample's visitors."""

    visitors: int
    interval: tuple[int, int]
    share: float | None


class SegmentSize(Size):
    """How many visitors are in a segment; `depends_on_context`: on top of that, a request has a say in it."""

    segment: str
    depends_on_context: bool
    warnings: list[TooSmall]


class OneSegment(SegmentSize):
    """The size of one segment."""

    sample: Sampled


class AllSegments(BaseModel):
    """The sizes of all segments, as the document lists them."""

    sample: Sampled
    items: list[SegmentSize]


class StageSize(Size):
    """How many visitors stand in a stage."""

    stage: str


class JourneySizes(BaseModel):
    """The stages of a journey, in order."""

    journey: str
    depends_on_context: bool
    sample: Sampled
    items: list[StageSize]


class Overlap(BaseModel):
    """How far two segments are one: `jaccard` is those in both as a share of those in either."""

    segments: tuple[str, str]
    visitors: int
    jaccard: float
    interval: tuple[float, float] = Field(description="of `jaccard`")
    of_each: tuple[float, float] = Field(description="those in both as a share of the one and of the other")


class Overlaps(BaseModel):
    """Pairs of segments with somebody in both, those most alike first.

    Pairs are made of the largest segments; `left_out` are the others.
    """

    sample: Sampled
    items: list[Overlap]
    next_cursor: str | None
    left_out: int


class Waiting(BaseModel):
    """The figures are on their way: ask again."""

    state: State
    progress: float


_SAMPLED = {
    "as_of": "2026-03-10T12:00:00Z",
    "revision": 7,
    "profiles": 184_203,
    "sampled": 20_000,
    "visitors": 19_411,
    "approximate": 0,
    "exact": False,
    "confidence": 0.95,
    "refreshing": False,
}
_WARNING = {
    "code": "too_small_to_learn_from",
    "units_needed": 3_140,
    "rule": "a test of 2 arms, with alpha 0.05 and a power of 80%, of a difference of 0.05 in a share of"
    " about a half needs so many units, all arms together",
    "experiment": None,
}
_SEGMENT = {
    "visitors": 2_017,
    "interval": [1_764, 2_306],
    "share": 0.0113,
    "segment": "returning",
    "depends_on_context": False,
    "warnings": [_WARNING],
}
_STAGE = {"visitors": 8_210, "interval": [7_702, 8_749], "share": 0.0459, "stage": "consideration"}
_OVERLAP = {
    "segments": ["returning", "spenders"],
    "visitors": 1_013,
    "jaccard": 0.41,
    "interval": [0.35, 0.47],
    "of_each": [0.5, 0.69],
}
ONE_SEGMENT: dict[str, Any] = {**_SEGMENT, "sample": _SAMPLED}
ALL_SEGMENTS: dict[str, Any] = {"sample": _SAMPLED, "items": [_SEGMENT]}
JOURNEY: dict[str, Any] = {
    "journey": "purchase",
    "depends_on_context": False,
    "sample": _SAMPLED,
    "items": [_STAGE],
}
OVERLAPS: dict[str, Any] = {"sample": _SAMPLED, "items": [_OVERLAP], "next_cursor": None, "left_out": 0}
WAITING: dict[str, Any] = {"state": "running", "progress": 0.4}
