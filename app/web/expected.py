"""What a value should have been, said in the words of JSON, where pydantic has found another one."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeAlias

from pydantic_core import ErrorDetails

Context: TypeAlias = Mapping[str, Any]

# A word of a message that could be longer than all of it is compared no further.
_COMPARED = 60
_QUOTED = re.compile(r"'([^']*)'")
# What a list is sorted or filtered by.
_CHOICE = re.compile(r"\^(-\?)?\(([a-z_|]+)\)\$")

KEY = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$"
ORIGIN = r"^https?://[^/\s]{1,255}$"
LOCALE = r"^[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8}){0,7}$"
TIME_OF_DAY = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

_MATCHING: Mapping[str, str] = {
    KEY: "must begin with a letter or digit, and have only letters, digits, and _ . : - after it;"
    " at most 128 characters",
    ORIGIN: "must be an origin without a path, like https://shop.example",
    LOCALE: "must be a locale, like en or de-AT",
    TIME_OF_DAY: "must be a time of day between 00:00 and 24:00, like 09:30",
}
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be an object"),
    "list_type": "must be an array",
    "string_type": "must be a string",
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "must be an integer"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "must be a number"),
    **dict.fromkeys(("uuid_type", "uuid_parsing"), "must be an id, as an answer gave it"),
}
_BOUNDS: Mapping[str, Callable[[Context], str]] = {
    "greater_than_equal": lambda bound: f"must be at least {_shown(bound['ge'])}",
    "greater_than": lambda bound: f"must be more than {_shown(bound['gt'])}",
    "less_than_equal": lambda bound: f"must be at most {_shown(bound['le'])}",
    "less_than": lambda bound: f"must be less than {_shown(bound['lt'])}",
    "string_too_short": lambda bound: f"must have at least {_counted(bound['min_length'], 'character')}",
    "string_too_long": lambda bound: f"must have at most {_counted(bound['max_length'], 'character')}",
    "too_short": lambda bound: f"must have at least {_counted(bound['min_length'], 'item')}",
    "too_long": lambda bound: f"must have at most {_counted(bound['max_length'], 'item')}",
    "string_pattern_mismatch": lambda bound: _matching(bound["pattern"]),
}


def expected(detail: ErrorDetails) -> str:
    """Say what would be right at the place of a detail; what is not known here, as pydantic says it."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "literal_error":
        return f"must be {context['expected']}{_hint(detail.get('input'), context['expected'])}"
    if kind in _BOUNDS:
        return _BOUNDS[kind](context)
    return _WORDS.get(kind, detail["msg"])


def _hint(given: object, known: str) -> str:
    if not isinstance(given, str):
        return ""
    near = get_close_matches(given[:_COMPARED], _QUOTED.findall(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _matching(pattern: str) -> str:
    choice = _CHOICE.fullmatch(pattern)
    if choice is None:
        return _MATCHING.get(pattern, f"must match the pattern {pattern}")
    turned = ", or begin with a - to turn the order round" if choice[1] else ""
    return f"must be one of {', '.join(choice[2].split('|'))}{turned}"


def _shown(bound: object) -> str:
    if isinstance(bound, datetime):
        return bound.isoformat().replace("+00:00", "Z")
    return f"{bound:,}" if isinstance(bound, int) else f"{bound}"


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' if number != 1 else ''}"
