"""JSON as everybody reads it too: no NaN, no half of a surrogate pair, no key twice, no endless nesting."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from app.admin.doubled_keys import is_each_once, refuse_doubled
from app.engine.problems import Problem
from app.kit.places import place_of
from app.kit.steps import Steps, finished
from app.web.problems import ProblemError, WrongContentError

Location = tuple[str | int, ...]

# A condition may be 32 groups deep, each a list of objects, and stands in a rule of a document.
DEEPEST = 128


def decode_json(content: bytes) -> Any:
    """Decode a body as `decoding` does, at once; raises the same."""
    return finished(decoding(content))


def decoding(content: bytes) -> Steps[Any]:
    """Decode a body, the elements of an object's lists one at a time.

    Raises:
        ProblemError: 400, it is not JSON.
        WrongContentError: a key stands twice in an object, a number is too large, or it is nested more
            deeply than `DEEPEST`: nothing after this runs out of stack.

    """
    try:
        return (yield from _by_element(content))
    except (ValueError, RecursionError):
        # Said of the whole, not of the element.
        return _whole(content)


def is_deeper(document: object, levels: int) -> bool:
    """Whether arrays and objects are nested in more levels than that; it needs no stack to see."""
    level: list[object] = [document]
    for _ in range(levels):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


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


def _whole(content: bytes) -> Any:
    try:
        document = msgspec.json.decode(content)
    except RecursionError as error:
        raise _too_deep() from error
    except msgspec.ValidationError as error:
        _read_to_the_end(content)
        raise WrongContentError([Problem(*place_of(error))]) from error
    except ValueError as error:
        raise _not_json(error) from error
    _bound(document, DEEPEST)
    refuse_doubled(content)
    return document


def _read_to_the_end(content: bytes) -> None:
    # What is wrong was found before: whether the rest is JSON at all comes first.
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except ValueError as error:
        raise _not_json(error) from error


def _not_json(error: Exception) -> ProblemError:
    return ProblemError(400, f"the body is not JSON: {error}")


def _by_element(content: bytes) -> Steps[Any]:
    members = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    yield
    if not is_each_once(content, members):
        return _whole(content)
    yield
    decoded: dict[str, Any] = {}
    for name, raw in members.items():
        try:
            elements = msgspec.json.decode(raw, type=list[msgspec.Raw])
        except msgspec.ValidationError:
            decoded[name] = _element(raw, (name,))
        else:
            yield
            decoded[name] = []
            for index, element in enumerate(elements):
                decoded[name].append(_element(element, (name, index)))
                yield
        yield
    return decoded


def _element(raw: msgspec.Raw, at: Location) -> Any:
    element = msgspec.json.decode(raw)
    _bound(element, DEEPEST - len(at))
    refuse_doubled(bytes(raw), at)
    return element


def _bound(document: object, levels: int) -> None:
    if is_deeper(document, levels):
        raise _too_deep()


def _children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> WrongContentError:
    return WrongContentError([Problem("", f"is nested more than {DEEPEST} levels deep")])
