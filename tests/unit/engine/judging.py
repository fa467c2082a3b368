"""How the tests ask a condition about a visitor, and what they ask about what is wrong with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from app.engine.conditions import compile_condition
from app.engine.lookup import Lookup
from app.engine.problems import Problems


class Computed(Lookup):
    """A lookup that answers from a mapping, as a lazily computed object would."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers = answers

    def get(self, key: str, /) -> object:
        return self.answers.get(key)


class Strange:
    """A value that fails whoever touches it."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    def __hash__(self) -> int:
        raise AssertionError

    def get(self, key: str) -> object:
        raise AssertionError(key)


def holds(condition: Any, attributes: Any, now: datetime | None = None) -> bool:
    """Compile a condition and ask it; a verdict is a bool, never something that merely counts as one."""
    verdict = compile_condition(condition)(attributes, now)
    assert type(verdict) is bool
    return verdict


def passes(operators: Any, value: object, now: datetime | None = None) -> bool:
    """Ask a comparison about the value of an attribute `a`."""
    return holds({"a": operators}, {"a": value}, now)


def problems_of(condition: Any, pointer: str = "") -> dict[str, str]:
    """Give what is wrong with a condition: the message at each pointer."""
    with pytest.raises(Problems) as caught:
        compile_condition(condition, pointer=pointer)
    return {problem.pointer: problem.message for problem in caught.value.problems}
