"""Keys that stand twice in one object of JSON: whichever was meant, who takes the last loses another."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from app.engine.problems import Problem, escaped
from app.web.problems import WrongContentError

Place: TypeAlias = tuple[str | int, ...]
Pairs: TypeAlias = list[tuple[str, Any]]

_KEY = re.compile(rb'\s*[{,]\s*"[^"\\]*(?:\\.[^"\\]*)*"\s*:\s*')


def refuse_doubled(content: bytes, at: Place = ()) -> None:
    """See that no object has a key twice in JSON that is known to be sound and not too deep.

    `at` is where the content stands in the whole; raises WrongContentError.
    """
    doubled = [(*at, *place) for place in _doubled_in(content)]
    if doubled:
        message = "stands more than once in this object: leave in the one that is meant"
        raise WrongContentError(
            Problem("".join(f"/{escaped(str(step))}" for step in place), message) for place in doubled
        )


def is_each_once(content: bytes, members: Mapping[str, msgspec.Raw]) -> bool:
    """Whether the members that were decoded are all there are; a look at nothing but the keys is quick.

    A no may be wrong, and `refuse_doubled` is not.
    """
    end = 0
    for member in members.values():
        value, key = bytes(member), _KEY.match(content, end)
        if key is None or not content.startswith(value, key.end()):
            return False
        end = key.end() + len(value)
    return content[end:].strip() == b"}"


def _doubled_in(content: bytes) -> list[Place]:
    found: list[tuple[dict[str, Any], list[str]]] = []

    def made_of(pairs: Pairs) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            counted = Counter(key for key, _ in pairs)
            found.append((made, [key for key, count in counted.items() if count > 1]))
        return made

    # No number is of interest, and to make one of very many digits takes long.
    document = json.loads(content, object_pairs_hook=made_of, parse_int=str, parse_float=str)
    return list(_places(document, {id(made): keys for made, keys in found})) if found else []


def _places(document: object, doubled: Mapping[int, list[str]], at: Place = ()) -> Iterator[Place]:
    if isinstance(document, dict):
        yield from ((*at, key) for key in doubled.get(id(document), ()))
        for key, value in document.items():
            yield from _places(value, doubled, (*at, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _places(value, doubled, (*at, index))
