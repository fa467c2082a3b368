"""From the counts of a sample to what is answered: pure."""

from collections.abc import Collection, Iterator
from typing import TypedDict

from app.admin.sizes.estimate import CONFIDENCE, Sample, estimated, share_interval
from app.admin.sizes.measured import JourneyCount, Measured, SegmentCount
from app.admin.sizes.schemas import Overlap, Sampled, SegmentSize, StageSize, TooSmall

_DIGITS = 6


class _Size(TypedDict):
    visitors: int
    interval: tuple[int, int]
    share: float | None


class Figures:
    """The sizes that a sample tells of."""

    def __init__(self, measured: Measured, *, refreshing: bool) -> None:
        self._measured = measured
        self._sample = Sample(measured.profiles, measured.sampled)
        self.sampled = Sampled(
            as_of=measured.as_of,
            revision=measured.revision,
            profiles=measured.profiles,
            sampled=measured.sampled,
            visitors=measured.visitors,
            approximate=measured.approximate,
            exact=self._sample.is_whole,
            confidence=CONFIDENCE,
            refreshing=refreshing,
        )

    def segments(self) -> Iterator[SegmentSize]:
        """Tell the size of every segment."""
        return map(self._segment, self._measured.segments)

    def find_segment(self, key: str) -> SegmentSize | None:
        """Tell the size of one segment; None where there is none of this key."""
        return next((size for size in self.segments() if size.segment == key), None)

    def find_journey(self, key: str) -> tuple[JourneyCount, list[StageSize]] | None:
        """Tell the sizes of a journey's stages; None where there is none of this key."""
        for journey in self._measured.journeys:
            if journey.journey == key:
                return journey, [
                    StageSize(stage=stage.stage, **self._size(stage.members)) for stage in journey.stages
                ]
        return None

    def overlaps(self, named: Collection[str], places: slice) -> tuple[list[Overlap], bool]:
        """Tell how far the segments overlap of some of the pairs with all of those named, most alike first.

        Tells too whether there are more after these places.
        """
        keys = self._measured.overlapped
        found = [pair for pair in self._measured.shared if {*named} <= {keys[pair.one], keys[pair.other]}]
        members = {count.segment: count.members for count in self._measured.segments}
        listed = [
            self._overlap((keys[one], keys[other]), (members[keys[one]], members[keys[other]]), both)
            for one, other, both in found[places]
        ]
        return listed, len(found) > places.stop

    @property
    def left_out(self) -> int:
        """How many segments are in no pair, since so many others are larger."""
        return len(self._measured.segments) - len(self._measured.overlapped)

    def _segment(self, count: SegmentCount) -> SegmentSize:
        size = self._size(count.members)
        need = count.need
        small = size["interval"][1] < need.units
        warning = TooSmall(units_needed=need.units, rule=need.rule, experiment=need.experiment)
        return SegmentSize(
            segment=count.segment,
            depends_on_context=count.depends_on_context,
            warnings=[warning] if small else [],
            **size,
        )

    def _size(self, members: int) -> _Size:
        estimate, visitors = estimated(members, self._sample), self._measured.visitors
        return {
            "visitors": estimate.number,
            "interval": (estimate.low, estimate.high),
            "share": round(members / visitors, _DIGITS) if visitors else None,
        }

    def _overlap(self, pair: tuple[str, str], members: tuple[int, int], both: int) -> Overlap:
        either = sum(members) - both
        low, high = (both / either,) * 2 if self._sample.is_whole else share_interval(both, either)
        return Overlap(
            segments=pair,
            visitors=estimated(both, self._sample).number,
            jaccard=round(both / either, _DIGITS),
            interval=(round(low, _DIGITS), round(high, _DIGITS)),
            of_each=(round(both / members[0], _DIGITS), round(both / members[1], _DIGITS)),
        )
