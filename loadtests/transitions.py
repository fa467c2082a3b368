"""How visitors move through a journey's stages, as their own decisions tell."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

Kind = Literal["forward", "skipping", "backward"]


class Transition(msgspec.Struct, frozen=True):
    """A change of stage between two decisions of one visitor, and how often it came."""

    kind: Kind
    before: str
    after: str
    count: int


def kind_of(before: str, after: str, order: Sequence[str]) -> Kind:
    """Tell a step to the next stage from one over its head and from one back."""
    steps = order.index(after) - order.index(before)
    if steps < 0:
        return "backward"
    return "forward" if steps == 1 else "skipping"


class StageWays:
    """Where each visitor stands and how it came there, from the first stage on, where everybody starts."""

    def __init__(self, order: Sequence[str]) -> None:
        self._order = order
        self._stage_of: dict[str, str] = {}
        self._moves: Counter[tuple[str, str]] = Counter()

    def seen(self, visitor: str, stage: str) -> None:
        """Take in the stage of a visitor's next decision."""
        before = self._stage_of.get(visitor, self._order[0])
        self._stage_of[visitor] = stage
        if before != stage:
            self._moves[before, stage] += 1

    def visitors(self) -> dict[str, int]:
        """Count the visitors by the stage of their latest decision, in the journey's order."""
        counted = Counter(self._stage_of.values())
        return {stage: counted[stage] for stage in self._order}

    def transitions(self) -> list[Transition]:
        """List the changes of stage: forward first, then skipping, then backward, the most frequent first."""
        listed = [
            Transition(kind_of(before, after, self._order), before, after, count)
            for (before, after), count in self._moves.items()
        ]
        rank = ("forward", "skipping", "backward")
        return sorted(listed, key=lambda move: (rank.index(move.kind), -move.count, move.before, move.after))
