"""What a plain word of YAML stands for: the core schema of YAML 1.2, in which `NO` and `1:20` are text."""

import re
from math import isinf
from typing import TypeAlias

from yaml import SafeLoader

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_BASES = {"0o": 8, "0x": 16}
# Python neither takes longer ones from text nor writes them.
_DIGITS = 4_300
_TOO_LARGE = 10**_DIGITS
# What YAML 1.1 reads as something else, with which many other programs will open the file.
_OLDER: dict[str, list[tuple[str, re.Pattern[str]]]] = SafeLoader.yaml_implicit_resolvers
_OLDER_WORDS = frozenset("yYnN")


def value_of(text: str) -> Scalar:
    """Read a plain word; raises ValueError for a number that JSON cannot tell."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBERS:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NO_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is no number in JSON; write it in quotes where the text is meant")
    return text


def is_text(text: str) -> bool:
    """Whether everybody reads it as text when it stands without quotes, also who knows YAML 1.1 alone."""
    if text in _WORDS or text in _OLDER_WORDS:
        return False
    if any(pattern.match(text) for _, pattern in _OLDER.get(text[0], ())):
        return False
    return not any(pattern.fullmatch(text) for pattern in (_INTEGER, _FLOAT, _NO_NUMBER))


def word_of(value: Scalar) -> str:
    """Write what is no text as a plain word, which is read so by the core schema and in YAML 1.1."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    word = repr(value)
    # YAML 1.1 knows no float without a point: 1e+22.
    return word.replace("e", ".0e") if "e" in word and "." not in word else word


def _integer(text: str) -> int:
    base = _BASES.get(text[:2], 10)
    digits = text[2:] if base != 10 else text  # noqa: PLR2004 - ten is what people count by
    value = int(digits, base) if len(text) <= _DIGITS else _TOO_LARGE
    if abs(value) >= _TOO_LARGE:
        raise ValueError(
            f"is a number of more than {_DIGITS} digits; write it in quotes where the text is meant"
        )
    return value


def _float(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError("is too large for a number; write it in quotes where the text is meant")
    return value
