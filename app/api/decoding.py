"""From a body to typed values: each kind of garbage gets its own clear answer."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from app.engine.problems import Problem, escaped
from app.kit.places import place_of
from app.web.problems import ProblemError, WrongContentError

T = TypeVar("T")

# As deep as conditions reach. What is read here must be readable again by all that handle it later.
DEEPEST = 32

# Most of what bodies are made of; that nothing is inside of these need not be asked of each.
_FLAT = frozenset({str, int, float, bool, type(None), datetime})
_TOO_DEEP = f"is nested more than {DEEPEST} levels deep"


def decode_body(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode a body.

    Raises:
        ProblemError: 400 where it is not JSON, 422 where the content is wrong, naming the place.

    """
    try:
        decoded = _decoded(decoder, body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(400, f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise wrong_content("", _TOO_DEEP) from error
    # Nearly every body is flat and clean, and to count bytes is much faster than to walk through values.
    if b"\\u0000" in body or (body.count(b"[") + body.count(b"{") > DEEPEST and _is_deep(decoded)):
        refuse_unstorable(decoded)
    return decoded


def _decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # Found before the end was reached: whether the rest is JSON at all comes first.
        msgspec.json.decode(body, type=msgspec.Raw)
        raise wrong_content(*place_of(error)) from error


def wrong_content(pointer: str, message: str) -> WrongContentError:
    """Refuse a body that is JSON but says what cannot be, naming the place by JSON pointer."""
    return WrongContentError([Problem(pointer, message)])


def _is_deep(decoded: object) -> bool:
    """Whether something may be nested too deeply, without a word on where: many events at once are not."""
    level = [decoded]
    for _ in range(DEEPEST):
        level = [part for value in level for part in _inside(value) if type(part) not in _FLAT]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        return value.values()
    if type(value) is list:
        return value
    return msgspec.structs.astuple(value) if isinstance(value, msgspec.Struct) else ()


def refuse_unstorable(decoded: object) -> None:
    """Refuse what is nested too deeply, and U+0000 in any string or name: PostgreSQL cannot store it."""
    level: list[tuple[str, Any]] = [("", decoded)]
    for _ in range(DEEPEST + 1):
        level = [part for pointer, value in level for part in _parts_of(pointer, value)]
    if level:
        raise wrong_content(level[0][0], _TOO_DEEP)


def _parts_of(pointer: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str) and "\0" in value:
        raise wrong_content(pointer, "contains the character U+0000, which cannot be stored")
    if isinstance(value, list):
        yield from ((f"{pointer}/{index}", item) for index, item in enumerate(value))
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        for name, item in value.items():
            yield pointer, name
            yield f"{pointer}/{escaped(name)}", item
