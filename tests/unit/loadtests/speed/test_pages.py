import msgspec
import pytest

from app.api.wire import DecideBody, EventsBody
from loadtests.speed.pages import AGENTS, BODY_BYTES, decide_body, events_body, request
from loadtests.speed.visitors import visitor_id


@pytest.mark.parametrize("number", [0, 7, 996, 997, 49_999])
def test_a_page_load_has_600_bytes_and_is_one_for_the_service(number: int) -> None:
    body = decide_body(number)
    assert len(body) == BODY_BYTES
    read = msgspec.json.decode(body, type=DecideBody)
    assert read.visitor.id == visitor_id(number)
    assert len(read.placements) == 3


def test_more_is_asked_by_more_bytes() -> None:
    read = msgspec.json.decode(decide_body(1, 20, events=2), type=DecideBody)
    assert (len(read.placements), len(read.events)) == (20, 2)


def test_events_come_together_and_without_ids() -> None:
    read = msgspec.json.decode(events_body(3, 100), type=EventsBody)
    assert len(read.events) == 100
    assert {event.id for event in read.events} == {None}


def test_a_request_says_its_length_its_key_and_the_visitor_s_browser() -> None:
    head, _, body = request("/decide", "pk_1", 5, b"{}").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /decide?key=pk_1 HTTP/1.1\r\n")
    assert b"\r\nContent-Length: 2\r\n" in head
    assert AGENTS[5].encode() in head
    assert body == b"{}"
