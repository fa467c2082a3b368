"""Compiling in steps, between which others have their turn."""

from typing import Any

import pytest

from app.engine.compile import compile_ruleset, compiling, parse_document, parsing
from app.engine.model import Document
from app.engine.phases import advance, advancing
from app.engine.problems import Problems
from app.kit.steps import Steps, finished
from tests.builders import (
    addressed,
    delivering,
    document,
    experiment,
    parsed,
    rule,
    segment,
    visitor,
)

COUNT = 500


def large(**audience: Any) -> dict[str, Any]:
    """Many rules that compare one attribute in every way that is looked up, and in one that is not."""
    asked: list[dict[str, Any]] = [
        {"context.x": {operator: n if operator not in {"$in", "$nin"} else [n, n + 1]}}
        for n in range(COUNT // 10)
        for operator in ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte")
    ]
    asked += [{"context.x": {"$regex": f"^{n}"}} for n in range(COUNT // 10)]
    asked += [{"context.x": {"$type": "number"}, "context.y": n} for n in range(COUNT // 10)]
    rules = [
        rule(f"r{n}", audience={"condition": each, **audience}, priority=n % 7)
        for n, each in enumerate(asked)
    ]
    return document(rules=rules, segments=[segment("a", {"context.x": {"$gt": 3}})])


def test_two_documents_compiled_in_turns_become_what_each_alone_becomes() -> None:
    ones, others = parsed(**large()), parsed(**large(segments=["a"]))
    alone = [compile_ruleset(each, 1) for each in (ones, others)]

    in_turns = [steps_in_turns.result for steps_in_turns in taken_in_turns(ones, others)]

    for one, other in zip(alone, in_turns, strict=True):
        assert other.rules == one.rules
        assert other.needs == one.needs
        for value in (None, 4, 17, "17", True):
            seen = [visitor(rules, context={"x": value}) for rules in (one, other)]
            assert addressed(one, seen[0]) == addressed(other, seen[1])


class InTurns:
    """A compilation that takes one step when it is told to."""

    def __init__(self, document: Document) -> None:
        self._steps = self._compiling(document)
        self.result: Any = None

    def _compiling(self, document: Document) -> Steps[None]:
        self.result = yield from compiling(document, 1)

    def step(self) -> bool:
        return next(self._steps, "ended") != "ended"


def taken_in_turns(*documents: Document) -> list[InTurns]:
    compilations = [InTurns(each) for each in documents]
    running = compilations
    while running:
        running = [each for each in running if each.step()]
    return compilations


def test_every_part_of_a_document_is_a_step_of_its_own() -> None:
    written = large()

    assert len(list(parsing(written))) == COUNT + len(written["placements"]) + 1
    # Read, checked twice, ranked, compiled and indexed, and freed.
    assert len(list(compiling(parse_document(written), 1))) > 8 * COUNT


def test_everything_that_is_wrong_is_found_in_steps_as_at_once() -> None:
    wrong = parsed(**{**large(segments=["b"]), "site": {"timezone": "Mars"}})
    found = []
    for compiled in (compile_ruleset, lambda document, revision: finished(compiling(document, revision))):
        with pytest.raises(Problems) as caught:
            compiled(wrong, 1)
        found.append(caught.value.problems)

    assert found[0] == found[1]
    assert len(found[0]) == COUNT + 1


def test_what_is_wrong_first_in_a_document_is_what_is_told_of_its_shape() -> None:
    for written, pointer in (
        ({"rules": [rule("a"), {}], "segments": 5}, "/rules/1/key"),
        ({"segments": 5, "rules": [rule("a"), {}]}, "/segments"),
        ({"nonsense": 5, "rules": [{}]}, ""),
    ):
        with pytest.raises(Problems) as caught:
            finished(parsing(written))
        assert [problem.pointer for problem in caught.value.problems] == [pointer]


def test_phases_are_told_in_steps_of_one_rule_or_experiment() -> None:
    experiments = [experiment(f"e{n}") for n in range(COUNT)]
    before = parsed(experiments=experiments, rules=[delivering(f"e{n}") for n in range(COUNT)])
    after = parsed(experiments=experiments, rules=[delivering(f"e{n}", priority=n) for n in range(COUNT)])

    assert len(list(advancing(after, advance(before, None)))) > 4 * COUNT
    assert {each.phase for each in advance(after, advance(before, None)).experiments} == {1}
