from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.decoding import DEEPEST, decode_body
from app.api.wire import DecideBody, decide_decoder, events_decoder
from app.web.problems import ProblemError, WrongContentError

DECIDE = b'{"visitor": {"id": "v-1"}, "placements": ["home.hero"], "context": {"attributes": {"x": %s}}}'


def refused(body: bytes) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        decode_body(decide_decoder, body)
    return caught.value


def attribute(json: bytes) -> Any:
    return decode_body(decide_decoder, DECIDE % json).context.attributes["x"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b"{}{}",
        b"\x00",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b"[1,]",
        b"{'a': 1}",
    ],
)
def test_what_is_not_json_is_a_400(garbage: bytes) -> None:
    problem = refused(garbage)

    assert problem.status == 400
    assert problem.detail.startswith("the body is not JSON")


@pytest.mark.parametrize(
    "value",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"01",
        b"1.",
        b"+1",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\x"',
        b'"\n"',
    ],
)
def test_what_only_resembles_json_is_a_400_too(value: bytes) -> None:
    assert refused(DECIDE % value).status == 400


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"[]", ""),
        (b"null", ""),
        (b"{}", "/visitor"),
        (b'{"visitor": {"id": "v-1"}}', "/placements"),
        (b'{"visitor": {}, "placements": ["a"]}', "/visitor/id"),
        (b'{"visitor": {"id": 5}, "placements": ["a"]}', "/visitor/id"),
        (b'{"visitor": {"id": ""}, "placements": ["a"]}', "/visitor/id"),
        (b'{"visitor": {"id": "v-1"}, "placements": []}', "/placements"),
        (b'{"visitor": {"id": "v-1"}, "placements": ["a", 5]}', "/placements/1"),
        (b'{"visitor": {"id": "v-1"}, "placements": ["a"], "events": [{"name": "b"}, {}]}', "/events/1/name"),
        (b'{"visitor": {"id": "v-1"}, "placements": ["a"], "at": "yesterday"}', "/at"),
        (b'{"visitor": {"id": "v-1"}, "placements": ["a"], "at": "2026-03-10T12:00:00"}', "/at"),
    ],
)
def test_wrong_content_is_a_422_that_names_the_place(body: bytes, pointer: str) -> None:
    problem = refused(body)

    assert problem.status == 422
    assert [error.pointer for error in problem.errors] == [pointer]


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 5_000])
def test_a_number_that_nobody_can_hold_is_a_422(number: bytes) -> None:
    assert refused(DECIDE % number).status == 422


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63, 2**64, 0])
def test_a_huge_integer_is_kept_as_it_is(number: int) -> None:
    assert attribute(str(number).encode()) == number


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [DEEPEST, 500, 100_000])
def test_what_is_nested_too_deeply_is_a_422(opening: bytes, depth: int) -> None:
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]

    assert refused(DECIDE % (opening * depth + b"0" + closing * depth)).status == 422


def test_100_000_brackets_are_refused_wherever_they_stand() -> None:
    for body in (b"[" * 100_000, b'{"unknown":' + b"[" * 100_000):
        assert refused(body).status == 422


def test_what_is_nested_deeply_but_not_too_deeply_is_read() -> None:
    deep = b"[" * (DEEPEST - 4) + b"0" + b"]" * (DEEPEST - 4)

    assert msgspec.json.encode(attribute(deep)) == deep


def test_the_place_of_what_is_nested_too_deeply_is_named() -> None:
    [error] = refused(DECIDE % (b"[" * 40 + b"]" * 40)).errors

    assert error.pointer.startswith("/context/attributes/x/0/0/0")


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (b'"a\\u0000"', "/context/attributes/x"),
        (b'["a", "\\u0000"]', "/context/attributes/x/1"),
        (b'{"a/b~c": "\\u0000"}', "/context/attributes/x/a~1b~0c"),
        (b'{"\\u0000": 1}', "/context/attributes/x"),
    ],
)
def test_the_character_that_cannot_be_stored_is_refused_with_its_place(value: bytes, pointer: str) -> None:
    problem = refused(DECIDE % value)

    assert (problem.status, [error.pointer for error in problem.errors]) == (422, [pointer])


def test_the_character_is_found_in_fields_too() -> None:
    [error] = refused(b'{"visitor": {"id": "\\u0000"}, "placements": ["a"]}').errors

    assert error.pointer == "/visitor/id"


def test_what_only_looks_like_that_character_is_kept() -> None:
    assert attribute(b'"\\\\u0000"') == "\\u0000"


def test_many_events_are_not_taken_for_deep_ones() -> None:
    events = b",".join([b'{"name": "page_viewed", "properties": {"tags": ["a", {"b": "c"}]}}'] * 500)

    body = decode_body(events_decoder, b'{"visitor": {"id": "v-1"}, "events": [' + events + b"]}")

    assert len(body.events) == 500


def test_one_deep_event_is_found_among_many() -> None:
    deep = b'{"a":' * DEEPEST + b"{}" + b"}" * DEEPEST
    events = b'{"name": "page_viewed"},' * 40 + b'{"name": "page_viewed", "properties": %b}' % deep

    with pytest.raises(WrongContentError) as refusal:
        decode_body(events_decoder, b'{"visitor": {"id": "v-1"}, "events": [' + events + b"]}")

    assert refusal.value.errors[0].pointer.startswith("/events/40/properties/a/a")


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_body_or_a_clear_refusal(body: bytes) -> None:
    try:
        assert isinstance(decode_body(decide_decoder, body), DecideBody)
    except ProblemError as problem:
        assert problem.status in {400, 422}  # noqa: PT017 - the other outcome is as good
