import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from loadtests.connection import Answer, Connection, UnansweredError, request_head

Serve = Callable[..., Any]
HEAD = request_head("POST", "/decide", "127.0.0.1", {"Authorization": "Bearer k"})


def test_a_head_is_written_once_for_all_bodies() -> None:
    assert HEAD == (
        b"POST /decide HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nContent-Length: "
    )


def test_a_header_is_found_in_whatever_case() -> None:
    answer = Answer(200, b'HTTP/1.1 200 OK\r\nETag: "a:b"\r\nX: \r\n\r\n', b"")
    assert answer.header("etag") == '"a:b"'
    assert answer.header("x") == ""
    assert answer.header("absent") is None


@pytest.mark.parametrize("status", [199, 200, 202, 299, 300, 304, 404, 500])
def test_an_answer_is_ok_between_200_and_299(status: int) -> None:
    assert Answer(status, b"", b"").ok == (status in {200, 202, 299})


async def test_requests_share_one_connection(server_saying: Serve, json_answer: Serve) -> None:
    async with server_saying(lambda _, body: json_answer(200, body.decode())) as server:
        connection = server.target.connection()
        answers = [await connection.send(HEAD, f"{turn}".encode()) for turn in range(3)]
        await connection.close()
    assert [answer.body for answer in answers] == [b'"0"', b'"1"', b'"2"']
    assert server.opened == 1


async def test_a_server_that_closes_is_connected_to_anew(server_saying: Serve, json_answer: Serve) -> None:
    async with server_saying(lambda *_: json_answer(200, 1, "Connection: close")) as server:
        connection = server.target.connection()
        assert [(await connection.send(HEAD)).status for _ in range(3)] == [200] * 3
        await connection.close()
    assert server.opened == 3


async def test_a_connection_closed_while_idle_is_no_failure(json_answer: Serve) -> None:
    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(json_answer(200, 1))
        writer.close()

    listener = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with listener:
        connection = Connection("127.0.0.1", listener.sockets[0].getsockname()[1])
        for _ in range(3):
            assert (await connection.send(HEAD)).ok
            assert connection._streams is not None
            # Whatever is still to be read is the end of the stream.
            assert await connection._streams[0].read() == b""
        await connection.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 OK!\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\ncut",
    ],
)
async def test_what_is_no_answer_is_a_failure_and_the_next_request_goes_on(
    server_saying: Serve, json_answer: Serve, said: bytes
) -> None:
    turns = [said, json_answer(200, "fine")]
    async with server_saying(lambda *_: turns.pop(0)) as server:
        connection = server.target.connection()
        with pytest.raises(UnansweredError):
            await connection.send(HEAD)
        assert (await connection.send(HEAD)).body == b'"fine"'
        await connection.close()
    # The failed request was not sent again.
    assert len(server.heard) == 2


async def test_an_answer_without_a_body_needs_no_length(server_saying: Serve) -> None:
    async with server_saying(lambda *_: b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        connection = server.target.connection()
        assert (await connection.send(HEAD)).status == 204
        await connection.close()


async def test_nobody_there_is_a_failure(server_saying: Serve) -> None:
    async with server_saying(lambda *_: b"") as server:
        target = server.target
    connection = target.connection()
    with pytest.raises(UnansweredError, match="Connect"):
        await connection.send(HEAD)
    await connection.close()


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with listener:
        connection = Connection("127.0.0.1", listener.sockets[0].getsockname()[1], timeout_s=0.05)
        with pytest.raises(UnansweredError, match="TimeoutError"):
            await connection.send(HEAD)
