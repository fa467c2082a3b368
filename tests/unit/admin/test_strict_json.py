from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.admin.strict_json import DEEPEST, decode_json, places_of_nul
from app.web.problems import ProblemError, WrongContentError


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b"NaN",
        b"[Infinity]",
        b"1e400",
        b'"\\ud800"',
        b'"\xff"',
        b"\xff\xfe",
        b"1 2",
        b'"a\x00"',
    ],
)
def test_what_others_could_not_read_is_not_json(content: bytes) -> None:
    with pytest.raises(ProblemError, match="not JSON") as raised:
        decode_json(content)
    assert raised.value.status == 400


@given(st.binary())
def test_garbage_is_refused_and_nothing_breaks(content: bytes) -> None:
    try:
        decode_json(content)
    except ProblemError as error:
        refused = error.status
    else:
        refused = 400
    assert refused == 400


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_nesting_is_followed_down_to_a_limit() -> None:
    assert decode_json(nested(DEEPEST)) is not None


@pytest.mark.parametrize("levels", [DEEPEST + 1, 500, 100_000])
def test_deeper_nesting_is_wrong_content_however_deep(levels: int) -> None:
    with pytest.raises(WrongContentError) as raised:
        decode_json(nested(levels))
    assert raised.value.errors[0].message == "is nested more than 64 levels deep"


def test_objects_count_as_levels_too() -> None:
    with pytest.raises(WrongContentError):
        decode_json(b'{"a":' * 65 + b"1" + b"}" * 65)


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ("clean", []),
        ("\x00", [()]),
        ({"a": ["x", "y\x00"], "b": 1}, [("a", 1)]),
        ({"a\x00": {"b": "\x00"}}, [("a\x00",), ("a\x00", "b")]),
        ([None, 1.5, True, [["\x00"]]], [(3, 0, 0)]),
    ],
)
def test_each_place_with_a_nul_is_found(document: Any, places: list[tuple[str | int, ...]]) -> None:
    assert list(places_of_nul(document)) == places
