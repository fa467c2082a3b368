"""A condition, taken apart into what must hold all at once."""

import marshal
from collections.abc import Hashable, Iterator
from typing import Any

import msgspec

from app.engine.model import Condition
from app.engine.places import has_operators
from app.engine.problems import escaped


class Conjunct(msgspec.Struct, frozen=True, eq=False):
    """One operator on one attribute; without a path, a group such as `$or`. It equals only itself.

    `pointer` is its place in the condition that it was taken from.
    """

    path: str
    operator: str
    operand: object
    pointer: str = ""

    def condition(self) -> Condition:
        """Write it as a condition of its own."""
        asked = {self.operator: self.operand}
        return {self.path: asked} if self.path else asked


def conjuncts_of(condition: Condition, pointer: str = "") -> Iterator[Conjunct]:
    """List what must hold for a sound condition to hold."""
    for key, value in condition.items():
        at = f"{pointer}/{escaped(key)}"
        if key == "$and":
            for i, inner in enumerate(value):
                yield from conjuncts_of(inner, f"{at}/{i}")
        elif key.startswith("$"):
            yield Conjunct("", key, value, at)
        elif has_operators(value):
            yield from (Conjunct(key, operator, value[operator], f"{at}/{operator}") for operator in value)
        else:
            yield Conjunct(key, "$eq", value, at)


def identity_of(document: Any) -> Hashable:
    """Give equal documents equal keys; 1, 1.0, true and "1" stay apart."""
    try:
        # This format writes down the type of every value, in C. The formats after it also write down which
        # values are one object, in which equal documents differ.
        return marshal.dumps(document, 2)
    except ValueError:
        # It can write all that JSON has. What is something else, or nested too deeply, equals nothing.
        return object()
