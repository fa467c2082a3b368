from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from loadtests.driver import Driver, decide_body, event_body
from loadtests.service import ServiceError
from loadtests.steps import Step
from loadtests.tally import Tally

Serve = Callable[..., Any]
MakeStep = Callable[..., Step]
STAGES = ("awareness", "consideration")


@pytest.fixture
def tally() -> Tally:
    return Tally(STAGES)


@pytest.fixture
def shop(json_answer: Callable[..., bytes]) -> Callable[[str, bytes], bytes]:
    """Answer as the service does: every visitor stands in consideration and is in the arm `a` of `hero`."""

    def answer(line: str, body: bytes) -> bytes:
        said = msgspec.json.decode(body)
        if line == "POST /events":
            return json_answer(202, {"accepted": 1, "duplicate": 0})
        return json_answer(
            200,
            {
                "decision_id": f"{said['visitor']['id']}@{said.get('at')}",
                "revision": 7,
                "visitor": {"id": said["visitor"]["id"], "stage": "consideration", "segments": []},
                "placements": {key: {"variant": "x", "reason": "default"} for key in said["placements"]},
                "assignments": [{"experiment": "hero", "arm": "a", "phase": 1, "first": True}],
                "degraded": [],
            },
        )

    return answer


def test_an_event_is_sent_at_its_own_instant_under_its_own_id(make_step: MakeStep) -> None:
    assert msgspec.json.decode(event_body(make_step("v", 1_500, "s:9"))) == {
        "visitor": {"id": "v"},
        "events": [
            {
                "id": "s:9",
                "name": "product_viewed",
                "properties": {"product": "p"},
                "at": "1970-01-01T00:00:01.500Z",
            }
        ],
    }


def test_a_decision_is_asked_as_of_the_events_instant(make_step: MakeStep) -> None:
    asked = msgspec.json.decode(decide_body(make_step("v", 1_500)))
    assert asked["at"] == "1970-01-01T00:00:01.500Z"
    assert asked["placements"] == ["product.side", "site.banner"]
    assert asked["context"] == {"url": "https://shop.example/products"}


@pytest.mark.parametrize("concurrency", [1, 3, 16])
async def test_each_visitors_requests_come_in_their_own_order(
    server_saying: Serve, shop: Serve, make_step: MakeStep, tally: Tally, concurrency: int
) -> None:
    steps = [make_step(f"v{turn % 5}", turn, f"s:{turn:03d}") for turn in range(200)]
    async with server_saying(shop) as server:
        await Driver(server.target, tally, concurrency).drive(steps, 7)
    heard: dict[str, list[str]] = {}
    for line, body in server.heard:
        said = msgspec.json.decode(body)
        if "consent" not in said:
            at = said["events"][0]["at"] if line == "POST /events" else said["at"]
            heard.setdefault(said["visitor"]["id"], []).append(f"{at} {line}")
    for requests in heard.values():
        # An event comes before the decision of its instant, and no instant before an earlier one.
        assert requests == sorted(requests, key=lambda one: (one.split()[0], "decide" in one))
        assert len(requests) == 80
    assert tally.failed.total() == 0


async def test_every_answer_is_taken_in(
    server_saying: Serve, shop: Serve, make_step: MakeStep, tally: Tally
) -> None:
    steps = [make_step("v", 0, "s:1"), make_step("v", 1, "s:2", placements=())]
    async with server_saying(shop) as server:
        elapsed_s = await Driver(server.target, tally, 4).drive(steps, 7)
    assert elapsed_s > 0
    assert tally.event_ids == ["s:1", "s:2"]
    assert list(tally.assigned) == ["v@1970-01-01T00:00:00.000Z"]
    assert tally.units == {("hero", "a"): {"v"}}
    assert tally.requests == 3
    assert tally.ways.visitors() == {"awareness": 0, "consideration": 1}


async def test_events_carry_the_public_key_and_decisions_the_secret_one(
    server_saying: Serve, shop: Serve, tally: Tally
) -> None:
    async with server_saying(shop) as server:
        driver = Driver(server.target, tally, 1)
    assert b"Bearer pk_here" in driver._events
    assert b"Bearer sk_here" in driver._decide


@pytest.mark.parametrize(
    ("path", "status", "value", "words"),
    [
        ("/events", 503, {"title": "full"}, "503"),
        ("/events", 202, {"accepted": 0, "duplicate": 0}, "neither accepted nor known"),
        ("/events", 202, {"surprise": 1}, "another shape"),
        ("/decide", 500, {"title": "oh"}, "500"),
        ("/decide", 200, {"decision_id": 1}, "another shape"),
    ],
)
async def test_a_failed_request_is_counted_and_its_visitor_goes_on(  # noqa: PLR0917 - a table with fixtures
    server_saying: Serve,
    shop: Serve,
    json_answer: Serve,
    make_step: MakeStep,
    tally: Tally,
    path: str,
    status: int,
    value: object,
    words: str,
) -> None:
    def failing(line: str, body: bytes) -> bytes:
        said = msgspec.json.decode(body)
        if line == f"POST {path}" and "consent" not in said and said["visitor"]["id"] == "bad":
            return bytes(json_answer(status, value))
        return bytes(shop(line, body))

    async with server_saying(failing) as server:
        steps = [make_step("bad", 0, "s:1"), make_step("good", 1, "s:2")]
        await Driver(server.target, tally, 2).drive(steps, 7)
    assert tally.failed == {path: 1}
    assert words in tally.failures[0]
    assert tally.failures[0].startswith(f"{path}: s:1: ")
    assert tally.requests == 4


async def test_a_broken_connection_is_one_failed_request(
    server_saying: Serve, shop: Serve, make_step: MakeStep, tally: Tally
) -> None:
    broken = ["POST /events"]

    def hanging_up(line: str, body: bytes) -> bytes:
        if line in broken:
            broken.remove(line)
            return b""
        return bytes(shop(line, body))

    async with server_saying(hanging_up) as server:
        await Driver(server.target, tally, 1).drive([make_step("v", 0, "s:1"), make_step("v", 1, "s:2")], 7)
    assert tally.failed == {"/events": 1}
    assert tally.event_ids == ["s:2"]
    assert tally.requests == 4


async def test_nothing_is_sent_before_the_revision_is_in_force(
    server_saying: Serve, shop: Serve, make_step: MakeStep, tally: Tally
) -> None:
    seen = [6, 6, None]

    def late(line: str, body: bytes) -> bytes:
        answer = bytes(shop(line, body))
        if seen:
            revision = str(seen.pop(0)).replace("None", "null").encode()
            return b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + _with_length(
                answer.partition(b"\r\n\r\n")[2].replace(b'"revision":7', b'"revision":' + revision)
            )
        return answer

    async with server_saying(late) as server:
        await Driver(server.target, tally, 1).drive([make_step()], 7)
    lines = [line for line, _ in server.heard]
    assert lines == ["POST /decide"] * 4 + ["POST /events", "POST /decide"]
    assert tally.failed.total() == 0


def _with_length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize(
    ("answer", "words"),
    [((200, {"surprise": 1}), "missing required field"), (None, "Incomplete")],
)
async def test_a_revision_that_cannot_be_asked_for_ends_the_replay(
    server_saying: Serve, json_answer: Serve, tally: Tally, answer: tuple[int, object] | None, words: str
) -> None:
    async with server_saying(lambda *_: json_answer(*answer) if answer else b"") as server:
        with pytest.raises(ServiceError, match=words):
            await Driver(server.target, tally, 2).drive([], 7)
