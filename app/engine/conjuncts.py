"""A rule's audience, taken apart into what must hold all at once."""

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from app.engine.model import Audience, Condition
from app.engine.places import has_operators, is_object
from app.engine.problems import escaped


class Conjunct(NamedTuple):
    """One operator on one attribute; without a path, a group such as `$or`.

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


def audience_of(audience: Audience) -> Iterator[Conjunct]:
    """List what an audience asks; its stages and segments are asked as a condition would ask for them."""
    if audience.stages:
        yield Conjunct("stage", "$in", audience.stages)
    if audience.segments:
        yield Conjunct("segments", "$in", audience.segments)
    if audience.not_segments:
        yield Conjunct("segments", "$nin", audience.not_segments)
    yield from conjuncts_of(audience.condition)


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


def identity_of(document: object) -> Hashable:
    """Give equal conditions equal keys; 1, 1.0, true and "1" stay apart."""
    if is_object(document):
        return tuple((key, identity_of(value)) for key, value in document.items())
    # The tag keeps an array of pairs from looking like an object.
    if isinstance(document, (list, tuple)):
        return ("[]", *map(identity_of, document))
    return type(document), document
