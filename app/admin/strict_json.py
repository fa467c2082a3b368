"""JSON as everybody else reads it too: no NaN, no half of a surrogate pair, no endless nesting."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from app.engine.problems import Problem
from app.kit.steps import Steps, each
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
    _bound(document, DEEPEST)
    return document


def decoding(content: bytes) -> Steps[Any]:
    """Decode as `decode_json` does, the elements of an object's lists one at a time; raises the same."""
    try:
        document = yield from _by_element(content)
    except (ValueError, RecursionError):
        # Said of the whole, not of the element.
        return decode_json(content)
    yield from bounding(document)
    return document


def bounding(document: Any) -> Steps[None]:
    """See that nothing is nested more deeply than `DEEPEST`, element by element; raises WrongContentError."""
    if not isinstance(document, dict):
        _bound(document, DEEPEST)
        return
    for value in document.values():
        levels, elements = (DEEPEST - 2, value) if isinstance(value, list) else (DEEPEST - 1, (value,))
        for element in elements:
            _bound(element, levels)
            yield


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


def _by_element(content: bytes) -> Steps[Any]:
    document = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    decoded: dict[str, Any] = {}
    for name, raw in document.items():
        try:
            elements = msgspec.json.decode(raw, type=list[msgspec.Raw])
        except msgspec.ValidationError:
            decoded[name] = msgspec.json.decode(raw)
        else:
            decoded[name] = yield from each(msgspec.json.decode, elements)
        yield
    return decoded


def _bound(document: object, levels: int) -> None:
    """Go down level by level, which needs no stack."""
    level: list[object] = [document]
    for _ in range(levels):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    if any(isinstance(value, dict | list) for value in level):
        raise _too_deep()


def _children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> WrongContentError:
    return WrongContentError([Problem("", f"is nested more than {DEEPEST} levels deep")])
