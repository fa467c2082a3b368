"""What is small enough to be stored is small enough again as it is given back."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.admin.fields import JSON_LIMIT_BYTES, Condition, Content, EventCondition

EXAMPLES = settings(max_examples=50, deadline=None)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**320), 10**320)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=9)
TELLING = st.sampled_from(['"', "\\", '\\"', "1e308", ",1e308,", '":1e308', "[1e-300]"])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | TELLING
ELEMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | TELLING, inner, max_size=3),
    max_leaves=5,
)


def from_jsonb(value: Any) -> Any:
    """Give what PostgreSQL gives back: a number that had an exponent may be an integer then."""
    return msgspec.json.decode(in_full(json.loads(msgspec.json.encode(value), parse_float=Decimal)))


def in_full(value: Any) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return f"{{{','.join(f'{in_full(key)}:{in_full(inner)}' for key, inner in value.items())}}}"
        case list():
            return f"[{','.join(map(in_full, value))}]"
    return msgspec.json.encode(value).decode()


def accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        return [each["type"] for each in error.errors()] != ["too_large"]
    return True


@EXAMPLES
@given(ELEMENTS, st.integers(-3, 3))
@example(1e308, 0)
@example(1e22, 0)
@example(1e-300, 0)
@example('\\",1e308,"', 0)
def test_content_that_is_accepted_is_accepted_again(element: Any, beyond: int) -> None:
    taken = len(in_full(from_jsonb([element])).encode()) - 1
    content = [element] * (JSON_LIMIT_BYTES // taken + beyond)

    assert not accepts(Content, content) or accepts(Content, from_jsonb(content))


@EXAMPLES
@given(NUMBERS, st.integers(-3, 3))
def test_conditions_are_accepted_again_too(number: float, beyond: int) -> None:
    copies = JSON_LIMIT_BYTES // (len(in_full(from_jsonb([number]))) - 1) + beyond
    for kind, path in ((Condition, "traits.x"), (EventCondition, "properties.x")):
        condition = {path: {"$in": [number] * copies}}

        assert not accepts(kind, condition) or accepts(kind, from_jsonb(condition))
