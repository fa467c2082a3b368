"""What rules, segments and stages ask of a visitor, as terms of one logic; no solver is known here."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, TypeAlias

import msgspec

from app.engine.conditions import Predicate


class All(msgspec.Struct, frozen=True, eq=False):
    """Holds where every part does; without any, always."""

    parts: "tuple[Term, ...]"


class Either(msgspec.Struct, frozen=True, eq=False):
    """Holds where at least one part does; without any, never."""

    parts: "tuple[Term, ...]"


class No(msgspec.Struct, frozen=True, eq=False):
    """Holds where its part does not."""

    part: "Term"


class Asks(msgspec.Struct, frozen=True, eq=False):
    """One operator on one attribute.

    `holds` is the engine's own check, of a visitor whose one attribute is called `x`.
    """

    path: tuple[str, ...]
    operator: str
    operand: Any
    identity: Hashable
    holds: Predicate


class InStage(msgspec.Struct, frozen=True):
    """The visitor stands in a stage of a journey."""

    journey: str
    stage: str


class Since(msgspec.Struct, frozen=True):
    """It is this instant or later, in microseconds since 1970."""

    instant: int


class InWindow(msgspec.Struct, frozen=True):
    """The clock of a zone stands in one of these half-open spans of minutes since Monday began."""

    zone: str
    spans: tuple[tuple[int, int], ...]


class Granted(msgspec.Struct, frozen=True):
    """The visitor consents to a purpose."""

    purpose: str


class HeldOut(msgspec.Struct, frozen=True):
    """The visitor is among those who are kept on default content."""


class Idle(msgspec.Struct, frozen=True):
    """No event came for so many milliseconds."""

    ms: int


class Opaque(msgspec.Struct, frozen=True):
    """Something of which the solver knows only that it holds or does not."""

    identity: Hashable


Term: TypeAlias = All | Either | No | Asks | InStage | Since | InWindow | Granted | HeldOut | Idle | Opaque

ALWAYS, NEVER = All(()), Either(())


def one_of(terms: Iterable[Term]) -> Term:
    """Say that at least one of these holds."""
    return Either(tuple(terms))


def inside_out(term: Term, seen: set[int]) -> Iterator[Term]:
    """List a term after all that it is made of; what was `seen`, by identity, is not listed again.

    Segments may rest on thousands of others, one on the other.
    """
    waiting = [(term, False)]
    while waiting:
        each, is_open = waiting.pop()
        if is_open:
            yield each
        elif id(each) not in seen:
            seen.add(id(each))
            waiting.append((each, True))
            waiting += [(part, False) for part in reversed(_parts_of(each))]


def _parts_of(term: Term) -> tuple[Term, ...]:
    match term:
        case All(parts) | Either(parts):
            return parts
        case No(part):
            return (part,)
    return ()
