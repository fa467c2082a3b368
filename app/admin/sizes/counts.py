"""Visitors of a sample, counted by segment and stage: pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from app.engine.ruleset import Ruleset
from app.engine.stages import CompiledJourney

# The pairs of so many are listed; there are as good as never more.
OVERLAPPED = 200


class Pair(NamedTuple):
    """Two segments, by their places in a list, and how many are in both."""

    one: int
    other: int
    both: int


class Counts:
    """How many visitors are in each segment and stage of a ruleset, and in which segments together."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.visitors = 0
        segments = ruleset.segments
        self._places: dict[str, list[int]] = {key: [] for key in segments}
        self._stages: dict[str, Counter[str]] = {
            step.key: Counter() for step in ruleset.order if isinstance(step, CompiledJourney)
        }

    def add(self, segments: Iterable[str], stages: Mapping[str, str]) -> None:
        """Count a visitor."""
        for segment in segments:
            self._places[segment].append(self.visitors)
        for journey, stage in stages.items():
            self._stages[journey][stage] += 1
        self.visitors += 1

    def in_segment(self, key: str) -> int:
        """Tell how many are in a segment."""
        return len(self._places[key])

    def in_stage(self, journey: str, stage: str) -> int:
        """Tell how many stand in a stage."""
        return self._stages[journey][stage]

    def shared(self) -> tuple[list[str], list[Pair]]:
        """List the largest segments, and of their pairs those with somebody in both, most alike first."""
        largest = sorted(self._places, key=lambda key: (-len(self._places[key]), key))[:OVERLAPPED]
        masks = [_mask(self._places[key]) for key in largest]
        pairs = [
            Pair(one, other, both)
            for one, other in combinations(range(len(largest)), 2)
            if (both := (masks[one] & masks[other]).bit_count())
        ]
        sizes = [len(self._places[key]) for key in largest]
        # The Jaccard index grows with those in both as a share of both sizes added up.
        pairs.sort(key=lambda pair: (-pair.both / (sizes[pair.one] + sizes[pair.other]), pair))
        return largest, pairs


def _mask(places: list[int]) -> int:
    """Set a bit at each place; the places ascend."""
    marked = bytearray(places[-1] // 8 + 1 if places else 0)
    for place in places:
        marked[place // 8] |= 1 << place % 8
    return int.from_bytes(marked, "little")
