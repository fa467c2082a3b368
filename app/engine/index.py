"""Which rules address a visitor, found without asking each of them.

What rules ask is gathered into questions. The first rule left says what to ask next; nothing is asked twice.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from app.engine.conjuncts import Conjunct
from app.engine.model import Rule
from app.engine.questions import Gathering, Question
from app.engine.visitor import Visitor
from app.kit.steps import Steps


class RuleIndex(msgspec.Struct, frozen=True):
    """Rules in the order in which they are asked: what each asks, and which stand at a placement."""

    questions: Sequence[tuple[Question, ...]]
    placements: Mapping[str, int]
    in_holdout: int
    everything: int


class Search:
    """The rules that address one visitor; what one placement has found out the next need not ask."""

    def __init__(self, index: RuleIndex, visitor: Visitor, *, held_out: bool) -> None:
        self._index = index
        self._visitor = visitor
        self._left = index.in_holdout if held_out else index.everything
        self._asked: set[Question] = set()

    def first_at(self, placement: str, behind: int = -1) -> int | None:
        """Find the first rule behind another that addresses the visitor at a placement; None where none does.

        Rules are numbered in their order: the first of all is 0, and nothing stands before those behind -1.
        """
        questions, asked, visitor = self._index.questions, self._asked, self._visitor
        left = self._left & self._index.placements.get(placement, 0)
        if behind >= 0:
            left &= (1 << len(questions) - 1 - behind) - 1
        while top := left.bit_length():
            for question in questions[-top]:
                if question not in asked:
                    asked.add(question)
                    answer = question(visitor)
                    self._left &= answer
                    left &= answer
                    if left.bit_length() != top:
                        break
            else:
                return len(questions) - top
        return None


def indexing(rules: Sequence[tuple[Rule, Sequence[Conjunct]]], zone: ZoneInfo) -> Steps[RuleIndex]:
    """Index the sound rules of a site, each with the conjuncts of its condition; `zone` is the site's.

    They are given in the order in which they are asked.
    """
    gathering = Gathering(len(rules))
    placements: dict[str, int] = {}
    in_holdout = 0
    for place, (rule, conjuncts) in zip(reversed(range(len(rules))), rules, strict=True):
        gathering.add(place, rule, conjuncts, zone)
        for placement in rule.placements:
            placements[placement] = placements.get(placement, 0) | 1 << place
        in_holdout |= rule.in_holdout << place
        yield
    questions = yield from gathering.questions()
    return RuleIndex(questions, placements, in_holdout, gathering.everything)
