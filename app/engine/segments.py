"""Which segments a visitor is in, found without asking each of them."""

from collections.abc import Sequence

import msgspec

from app.engine.conjuncts import Conjunct
from app.engine.questions import Gathering, Question
from app.engine.visitor import Visitor
from app.kit.steps import Steps

# So many sets of segments are remembered by their names.
_COMBINATIONS = 1_024


class SegmentGroup(msgspec.Struct, frozen=True):
    """Segments that do not refer to each other, found as rules are: a set of them is an integer, too.

    Each question comes with the segments that ask it; the first segment is the highest bit.
    """

    keys: Sequence[str]
    questions: Sequence[tuple[int, Question]]
    everything: int
    known: dict[int, tuple[str, ...]]

    def found(self, visitor: Visitor) -> tuple[str, ...]:
        """Find those that a visitor is in, in their order."""
        left = self.everything
        for asking, question in self.questions:
            if left & asking:
                left &= question(visitor)
        keys = self.known.get(left)
        if keys is None:
            if len(self.known) >= _COMBINATIONS:
                self.known.clear()
            top = len(self.keys) - 1
            keys = tuple([key for at, key in enumerate(self.keys) if left >> top - at & 1])
            self.known[left] = keys
        return keys


def grouping(segments: Sequence[tuple[str, Sequence[Conjunct]]]) -> Steps[SegmentGroup]:
    """Index sound segments by key, each with the conjuncts of its condition."""
    gathering = Gathering(len(segments))
    places = range(len(segments))[::-1]
    for place, (_, conjuncts) in zip(places, segments, strict=True):
        gathering.ask(place, conjuncts)
        yield
    asked_by: dict[Question, int] = {}
    for place, questions in zip(places, (yield from gathering.questions()), strict=True):
        for question in questions:
            asked_by[question] = asked_by.get(question, 0) | 1 << place
        yield
    asked = [(asking, question) for question, asking in asked_by.items()]
    return SegmentGroup([key for key, _ in segments], asked, gathering.everything, {})
