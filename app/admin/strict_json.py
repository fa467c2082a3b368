"""JSON as everybody else reads it too: no NaN, no half of a surrogate pair, no endless nesting."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from app.engine.problems import Problem
from app.web.problems import ProblemError, WrongContentError

DEEPEST = 64

Location = tuple[str | int, ...]


def decode_json(content: bytes) -> Any:
    """Decode a body.

    Raises:
        ProblemError: 400, it is not JSON.
        WrongContentError: it is nested more deeply than `DEEPEST`: nothing after this runs out of stack.

    """
    try:
        document = msgspec.json.decode(content)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise ProblemError(400, f"the body is not JSON: {error}") from error
    if _is_too_deep(document):
        raise _too_deep()
    return document


def places_of_nul(document: object, at: Location = ()) -> Iterator[Location]:
    r"""Find each string or key with `\u0000` in it, which PostgreSQL cannot store."""
    match document:
        case str():
            if "\x00" in document:
                yield at
        case dict():
            for key, value in document.items():
                if "\x00" in key:
                    yield (*at, key)
                yield from places_of_nul(value, (*at, key))
        case list():
            for index, value in enumerate(document):
                yield from places_of_nul(value, (*at, index))


def _is_too_deep(document: object) -> bool:
    """Go down level by level, which needs no stack."""
    level = [document]
    for _ in range(DEEPEST):
        level = [child for value in level for child in _children(value)]
    return any(isinstance(value, dict | list) for value in level)


def _children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> WrongContentError:
    return WrongContentError([Problem("", f"is nested more than {DEEPEST} levels deep")])
