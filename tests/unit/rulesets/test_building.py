"""From a revision's JSON to a ruleset."""

import gc
import weakref
from typing import Any

import pytest

from app.engine.evaluate import evaluate
from app.engine.problems import Problems
from app.engine.visitor import Visitor
from app.kit.steps import finished
from app.rulesets.building import building
from tests.builders import document, rule, ruleset, visitor


def many() -> list[dict[str, Any]]:
    return [rule(f"r{n}", audience={"condition": {"context.x": {"$gt": n}}}) for n in range(300)]


def test_what_is_built_decides_as_what_is_compiled_at_once() -> None:
    built, whole = finished(building(document(rules=many()), 1)), ruleset(rules=many())
    seen: list[Visitor] = [visitor(rules, context={"x": 7}) for rules in (built, whole)]

    assert built.rules == whole.rules
    assert evaluate(built, seen[0], ["home.hero"]) == evaluate(whole, seen[1], ["home.hero"])


def test_the_document_is_let_go_of() -> None:
    plain = document(rules=many())

    finished(building(plain, 1))

    assert plain["rules"] == []


def test_a_document_that_does_not_compile_is_refused() -> None:
    with pytest.raises(Problems, match="/rules/0/placements/0"):
        finished(building(document(rules=[rule("r", placements=["nowhere"])]), 1))


def test_a_ruleset_that_nobody_holds_is_gone_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        built = finished(building(document(rules=many()), 1))
        question = weakref.ref(built.index.questions[0][0])
        del built

        assert question() is None
    finally:
        gc.enable()
