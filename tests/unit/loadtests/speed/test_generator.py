import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from loadtests.speed.bare import CONSTANT
from loadtests.speed.generator import Latencies, Line, Load, generate, is_right, quantile

RIGHT = b"HTTP/1.1 200 OK\r\ncontent-length: 800\r\n\r\n" + CONSTANT
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}"
DEGRADED = b'HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{"degraded":["profile"]}'


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[int]:
    """Answer each chunk of a connection with the next of some pieces, the last one ever after."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = [*answers]
        while await reader.read(65_536):
            writer.write(left.pop(0) if len(left) > 1 else left[0])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_everything_due_is_sent_and_answered() -> None:
    async with answering(RIGHT) as port:
        # The last is sent a tenth of a second before the end.
        told = await generate(port, "pk_1", 10, 0.5)
    assert (told.answered, told.unsent, told.wrong) == (10, 0, 0)
    assert 0 < told.p50_us <= told.p99_us <= told.p999_us


@pytest.mark.parametrize("wrong", [REFUSED, DEGRADED])
async def test_wrong_answers_are_counted(wrong: bytes) -> None:
    async with answering(RIGHT, wrong) as port:
        told = await generate(port, "pk_1", 2_000, 0.1)
    assert told.answered + told.unsent == 1_200
    # The first of each connection is right.
    assert told.wrong == told.answered - 64


async def on_one_line(port: int, rate: float, seconds: float, then: Callable[[], Any]) -> Latencies:
    load = Load([b"x"], rate, seconds)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: Line(load), "127.0.0.1", port)
    asyncio.get_running_loop().call_later(seconds + 0.05, then)
    told = await load.run()
    transport.close()
    return told


async def test_who_waits_for_a_stuck_server_counts_from_when_it_should_have_asked() -> None:
    go_on = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        await go_on.wait()
        writer.write(RIGHT)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        told = await on_one_line(server.sockets[0].getsockname()[1], 100, 0.2, go_on.set)
    # One was sent and got stuck; 19 could not be sent, and half of them had waited for 0.1 s by the end.
    assert (told.answered, told.unsent) == (1, 19)
    assert told.p50_us >= 90_000
    assert told.p999_us >= 200_000


async def test_what_should_have_been_sent_in_the_warm_up_is_answered_and_counts_for_nothing() -> None:
    async with answering(RIGHT) as port:
        load = Load([b"x"], 1_000, 0.2, warm_up_s=0.05)
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: Line(load), "127.0.0.1", port
        )
        told = await load.run()
        transport.close()
    assert told.answered + told.unsent == 200
    assert (len(load.latencies), len(load.lateness)) == (told.answered - 50, told.answered - 50)


async def test_an_answer_in_pieces_is_one() -> None:
    async with answering(RIGHT) as port:
        load = Load([b"x"], 10, 0.1)
        line = Line(load)
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: line, "127.0.0.1", port)
        load.free.clear()
        line.data_received(RIGHT[:100])
        assert not load.latencies
        line.data_received(RIGHT[100:])
        assert (len(load.latencies), load.wrong, len(load.free)) == (1, 0, 1)
        transport.close()


def test_quantiles_are_values_that_were_seen() -> None:
    seen = [float(n) for n in range(1, 101)]
    assert [quantile(seen, share) for share in (0, 0.5, 0.99, 0.999, 1)] == [1, 51, 100, 100, 100]
    assert quantile([], 0.5) != quantile([], 0.5)


def test_an_answer_is_right_for_one_who_is_known_and_with_everything_at_hand() -> None:
    assert is_right(CONSTANT)
    assert is_right(b'{"placements":{"hero":{"reason":"experiment"}},"degraded":[]}')
    assert not is_right(b'{"placements":{"hero":{"reason":"default"}},"degraded":[]}')
    assert not is_right(b'{"placements":{"hero":{"reason":"experiment"}},"degraded":["profile"]}')
