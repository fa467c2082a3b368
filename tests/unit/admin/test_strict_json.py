import json
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


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b"1e400", ""),
        (b'[0, {"a": -1e400}]', "/1"),
        (b'{"rules": [{"priority": %b}]}' % (b"9" * 5_000), ""),
    ],
)
def test_a_number_that_is_too_large_is_json_with_wrong_content(content: bytes, pointer: str) -> None:
    with pytest.raises(WrongContentError) as raised:
        decode_json(content)
    [(place, message)] = [(each.pointer, each.message) for each in raised.value.errors]
    assert place == pointer
    assert "out of range" in message


def test_where_json_breaks_off_behind_such_a_number_it_is_not_json() -> None:
    with pytest.raises(ProblemError, match="not JSON") as raised:
        decode_json(b'{"a": 1e400')
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
    assert raised.value.errors[0].message == "is nested more than 128 levels deep"


def test_objects_count_as_levels_too() -> None:
    with pytest.raises(WrongContentError):
        decode_json(b'{"a":' * 129 + b"1" + b"}" * 129)


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


def test_each_element_of_a_list_is_bounded_by_what_is_around_it() -> None:
    around = b'{"rules":[%s]}'
    assert decode_json(around % nested(DEEPEST - 2)) is not None
    with pytest.raises(WrongContentError):
        decode_json(around % nested(DEEPEST - 1))


@pytest.mark.parametrize(
    ("content", "pointers"),
    [
        (b'{"a":1,"a":1}', ["/a"]),
        (b'{"a":1,"\\u0061":2}', ["/a"]),
        (b'{"a":{"b":1,"b":2}}', ["/a/b"]),
        (b'{"a":[0,{"b/c":[{"x":1,"y":{},"x":2,"y":3}]}]}', ["/a/1/b~1c/0/x", "/a/1/b~1c/0/y"]),
        (b'{"b":[{}],"a":[{"c":0,"c":0},{"c":0},{"c":0,"c":0}]}', ["/a/0/c"]),
        (b'[{"a":1},{"a":1,"a":2}]', ["/1/a"]),
        (b'{"a":{"b":1,"b":2},"c":0,"a":{}}', ["/a"]),
    ],
)
def test_a_key_that_stands_twice_in_an_object_is_wrong(content: bytes, pointers: list[str]) -> None:
    with pytest.raises(WrongContentError) as raised:
        decode_json(content)
    assert [error.pointer for error in raised.value.errors] == pointers


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"a": 1},
        {"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]},
        {'x"y': "z", "}": "{", "a,b": ' "c" : 1 ', "\\": "\\", "": None},
        [{"a": 1}, {"a": 1}],
        {"n": [10**400, 1.5, True, None], "empty": [], "none": {}},
    ],
)
@pytest.mark.parametrize("space", [None, 2])
def test_a_key_that_stands_once_in_each_of_many_objects_is_read(document: Any, space: int | None) -> None:
    assert decode_json(json.dumps(document, indent=space).encode()) == document


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.text(), inner)


JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | objects(inner))


@given(objects(JSON))
def test_what_somebody_wrote_is_read_as_it_is(document: Any) -> None:
    assert decode_json(json.dumps(document).encode()) == document
