import uuid

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.web.request_id import RequestId, request_id_of


@pytest.mark.parametrize("given", [b"r", b"a b-c/9~", b"x" * 128])
def test_a_printable_id_is_taken_over(given: bytes) -> None:
    assert request_id_of([b"\xff", given]) == given


@pytest.mark.parametrize("given", [b"", b"x" * 129, b"a\x00", b"caf\xc3\xa9", b"a\tb", b"a\n", b"\x7f"])
def test_garbage_is_replaced(given: bytes) -> None:
    assert uuid.UUID(request_id_of([given]).decode()).version == 7


def test_where_none_comes_one_is_made_that_sorts_by_time() -> None:
    made = [request_id_of([]) for _ in range(100)]
    assert made == sorted(set(made))


async def answer(kind: str, headers: list[tuple[bytes, bytes]]) -> tuple[Scope, list[Message]]:
    seen: list[Scope] = []
    sent: list[Message] = []

    async def inner(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestId(inner)({"type": kind, "headers": headers}, receive, send)
    return seen[0], sent


async def test_the_id_is_returned_beside_the_other_headers_and_known_inside() -> None:
    scope, (start, body) = await answer("http", [(b"x-request-id", b"r-1")])
    assert start["headers"] == [(b"a", b"b"), (b"x-request-id", b"r-1")]
    assert body == {"type": "http.response.body", "body": b"ok"}
    assert scope["state"]["request_id"] == "r-1"


async def test_what_is_no_request_passes_untouched() -> None:
    scope, (start, _) = await answer("lifespan", [(b"x-request-id", b"r-1")])
    assert start["headers"] == [(b"a", b"b")]
    assert "state" not in scope
