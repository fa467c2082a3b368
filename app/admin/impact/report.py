"""The shape of what would change, as it is stored and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from app.admin.impact.changes import Kind


@dataclass(frozen=True, slots=True)
class Shown:
    """What a placement shows; `rule`, `experiment` and `arm` are null where none delivers."""

    variant: str | None
    reason: str
    rule: str | None
    experiment: str | None
    arm: str | None


Side: TypeAlias = Shown | str | bool | None
"""What stands before or after: what is shown, an arm, a stage, or whether somebody is in a segment."""


@dataclass(slots=True)
class Example:
    """One logged decision in which it is so. `visitor` is looked up when this is read, and never stored."""

    decision_id: str
    before: Side
    after: Side
    placement: str | None = None
    visitor: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """How many visitors would go from one to another."""

    before: Side
    after: Side
    visitors: int
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class PlacementMove:
    """How many visitors would see the one and then the other, and what that means to them."""

    kind: Kind
    before: Shown
    after: Shown
    visitors: int
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class PlacementImpact:
    """One placement: of the `visitors` whose page asked for it, `changed` would see something else.

    `changed` is the sum of `gained`, `lost`, `other_variant` and `other_content`. Of `moves` the most
    frequent are listed, and `moves_left_out` says how many are not.
    """

    placement: str
    visitors: int
    changed: int
    gained: int
    lost: int
    other_variant: int
    other_content: int
    same_content: int
    moves: list[PlacementMove]
    moves_left_out: int


@dataclass(frozen=True, slots=True)
class RuleImpact:
    """One rule, in visitors: who would see it anew, no more, or with something else or elsewhere."""

    rule: str
    before: int
    after: int
    gained: int
    lost: int
    changed: int
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class ExperimentImpact:
    """One experiment: who would be in another arm; null is in none."""

    experiment: str
    moves: list[Move]


@dataclass(frozen=True, slots=True)
class JourneyImpact:
    """One journey: who would stand in another stage; null where there is no such journey."""

    journey: str
    moves: list[Move]


@dataclass(frozen=True, slots=True)
class SegmentImpact:
    """One segment: who would enter and who would leave it."""

    segment: str
    before: int
    after: int
    entered: int
    left: int
    examples: list[Example]


@dataclass(frozen=True, slots=True)
class Totals:
    """All visitors together; `changed` would see something else somewhere.

    Of the rules those are listed that most visitors differ in, and `rules_left_out` says how many are not.
    """

    visitors: int
    changed: int
    placements: list[PlacementImpact]
    rules: list[RuleImpact]
    rules_left_out: int
    experiments: list[ExperimentImpact]
    journeys: list[JourneyImpact]
    segments: list[SegmentImpact]


@dataclass(frozen=True, slots=True)
class Impact:
    """What would change, from `against` (a revision) to the candidate (a revision, or the draft of an ETag).

    `decisions` were looked at, the latest first, from `as_of` back to `since`; `unreadable` of them were
    written by another version of the program. `approximate` counts the visitors whose profile, as logged,
    does not hold everything that one of the two asks of events: for them it goes by what it does hold.
    """

    as_of: datetime
    against: int
    candidate: int | None
    draft_etag: str | None
    decisions: int
    unreadable: int
    approximate: int
    since: datetime | None
    total: Totals
