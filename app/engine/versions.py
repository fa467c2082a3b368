"""Semantic versions as keys that Python can compare."""

import re
from functools import lru_cache
from typing import TypeAlias

VersionKey: TypeAlias = tuple[tuple[int, ...], tuple[object, ...]]

_LONGEST = 128
_VERSION = re.compile(
    r"v?(?P<core>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<pre>[0-9a-z-]+(?:\.[0-9a-z-]+)*))?"
    r"(?:\+[0-9a-z.-]+)?",
    re.IGNORECASE | re.ASCII,
)
_RELEASE = (1,)


def version_of(value: object) -> VersionKey | None:
    """Read a version; None for what is none, such as null, a number, or text of more than 128 characters.

    Order is that of https://semver.org, more tolerant in what it reads: a leading `v`, any count of numbers
    (missing ones are 0), leading zeros. Build metadata does not count.
    """
    if type(value) is not str or len(value) > _LONGEST:
        return None
    return _key(value)


@lru_cache(maxsize=1024)
def _key(text: str) -> VersionKey | None:
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = [int(number) for number in found["core"].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    if found["pre"] is None:
        return tuple(numbers), _RELEASE
    return tuple(numbers), (0, *map(_identifier, found["pre"].split(".")))


def _identifier(text: str) -> tuple[int, int | str]:
    # Numeric identifiers compare as numbers and come before all others.
    return (0, int(text)) if text.isdigit() else (1, text)
