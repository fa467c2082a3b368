"""Where in a condition the compiler stands, and what it has found wrong so far."""

import operator
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, TypeAlias, TypeGuard

import msgspec

from app.engine.problems import Problem, escaped

DEEPEST = 32

_SCALARS = frozenset({str, int, float, bool, NoneType})

Check: TypeAlias = Callable[[Any, Any], bool]
"""Whether one value passes: called with the value and the instant of the decision (or None)."""


class Place(msgspec.Struct, frozen=True):
    """A place in the document, with the list that all its places share.

    `depth` counts the groups, nested operators, arrays and objects around the place. `in_element` says that
    paths start at an element of an array, not at the visitor.
    """

    # The pointer where the compiler started, or the place before the last step. Few places are ever written
    # down, so the pointer is put together only for these.
    start: "str | Place"
    problems: list[Problem]
    depth: int = 0
    in_element: bool = False
    step: str | int | None = None

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place."""
        steps: list[str] = []
        place: str | Place = self
        while isinstance(place, Place):
            if place.step is not None:
                steps.append(f"/{escaped(str(place.step))}")
            place = place.start
        return place + "".join(reversed(steps))

    def at(self, key: str | int) -> "Place":
        """Step to what stands under a key or an index."""
        return Place(self, self.problems, self.depth, self.in_element, key)

    def deeper(self) -> "Place":
        """Count one level of nesting."""
        return Place(self, self.problems, self.depth + 1, self.in_element)

    def element(self) -> "Place":
        """Count one level of nesting into the elements of an array."""
        return Place(self, self.problems, self.depth + 1, in_element=True)

    def refuse(self, message: str) -> Check:
        """Note a problem here; the compiler goes on, to find the others too.

        Gives a check to go on with. It is never asked, since a document with a problem is not compiled.
        """
        self.problems.append(Problem(self.pointer, message))
        return operator.is_

    def is_too_deep(self) -> bool:
        """Tell where nothing may go on into what is nested here."""
        return self.depth > DEEPEST

    def refuse_depth(self) -> Check:
        """Refuse what is nested too deeply."""
        return self.refuse(f"must not be nested more than {DEEPEST} levels deep")


def is_array(value: object) -> bool:
    """Tell whether a document holds an array here."""
    return type(value) is list or type(value) is tuple


def is_object(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tell whether a document holds an object here."""
    # To ask a scalar whether it is a Mapping is slow, and compiling asks a million times.
    kind = type(value)
    return kind is dict or (kind not in _SCALARS and isinstance(value, Mapping))


def has_operators(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tell an operator object, or what was meant as one, from a value to be equal to."""
    if not is_object(value):
        return False
    for key in value:  # noqa: SIM110 -- any() would allocate a generator for every value of a document
        if type(key) is str and key.startswith("$"):
            return True
    return False
