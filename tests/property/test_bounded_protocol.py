"""What a client within all bounds is answered is what uvicorn's own protocol answers it, byte for byte."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.kit.wire import Directly, Echo, Worker, echo, send

names = st.sampled_from(["Accept", "X-One", "User-Agent", "Cookie"])
values = st.text("abc =;,/\t", max_size=30).map(str.strip)
methods = st.sampled_from(["GET", "POST", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"])
targets = st.sampled_from(
    [
        "/",
        "/",
        "/slow",
        "/last",
        "/fails",
        "/early",
        "/parts",
        "/a%20b?x=1&y=%C3%A4",
        "/?",
        "/#x?y",
        "http://shop/x",
    ]
)
garbage = st.one_of(
    st.binary(max_size=3),
    st.sampled_from(
        [b"\r\n", b"\n", b" ", b"0\r\n\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"]
    ),
)
HOST = b"Host: shop\r\n"
ONE = b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\nbody"
TWO = b"POST / HTTP/1.1\r\nHost: shop\r\n\r\nGET / HTTP/1.1\r\nHost: shop\r\n\r\n"
bodies = st.lists(st.binary(max_size=200).map(bytes.hex), max_size=3)


@st.composite
def requests(draw: st.DrawFn, targets: st.SearchStrategy[str] = targets) -> bytes:
    """One request, written by h11: with no body, one of a known length, or one in chunks."""
    client = h11.Connection(h11.CLIENT)
    parts = [part.encode() for part in draw(bodies)]
    headers = [("Host", "shop"), *draw(st.lists(st.tuples(names, values), max_size=6))]
    framing = draw(st.sampled_from(["none", "length", "chunks"]))
    if framing == "none":
        parts = []
    elif framing == "length":
        headers.append(("Content-Length", str(sum(map(len, parts)))))
    else:
        headers.append(("Transfer-Encoding", "chunked"))
    headers += draw(st.sampled_from([[], [], [], [("Expect", "100-continue")], [("Connection", "close")]]))
    events: list[h11.Event] = [h11.Request(method=draw(methods), target=draw(targets), headers=headers)]
    events += [h11.Data(part) for part in parts] + [h11.EndOfMessage()]
    return b"".join(client.send(event) or b"" for event in events)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Some requests, and the pieces in which they come: each in one of its own, or cut anywhere."""
    each = draw(st.lists(requests(), min_size=1, max_size=4))
    whole = b"".join(each)
    anywhere = st.sets(st.integers(1, len(whole)), max_size=8)
    cuts = draw(st.one_of(anywhere, st.just(set(range(len(whole)))), st.just({*accumulate(map(len, each))})))
    return each, list(_pieces(whole, cuts))


def _pieces(whole: bytes, cuts: set[int]) -> Iterator[bytes]:
    begin = 0
    for end in sorted({*cuts, len(whole)}):
        if end > begin:
            yield whole[begin:end]
        begin = end


async def answers(
    pieces: list[bytes], app: Any, *, bounded: bool, count: int = 0, before: Sequence[list[bytes]] = ()
) -> tuple[bytes, bool, int]:
    """Have pieces answered by a worker that was sent others before, on a connection for each list."""
    worker = Worker(app, bounded=bounded)
    for others in before:
        await _said(worker, others)
    worker.state.total_requests = 0
    return await _said(worker, pieces, count)


async def _said(worker: Worker, pieces: list[bytes], count: int = 0) -> tuple[bytes, bool, int]:
    wire = worker.connect()
    await send(worker, wire, pieces)
    async with asyncio.timeout(30):
        while worker.state.total_requests < count:
            await worker.settle()
    said = wire.written, wire.ended(), worker.state.total_requests
    wire.close()
    await worker.settle()
    # uvicorn leaves its own timer behind, which would outlive this loop.
    wire.protocol._unset_keepalive_if_required()
    return said


def twice(each: list[bytes], pieces: list[bytes]) -> list[list[bytes]]:
    """Send all that may be remembered: each request by itself, and the very same pieces."""
    return [*([one] for one in each * 2), pieces, pieces]


@settings(max_examples=300, deadline=None)
@given(conversations())
@example(([ONE], [ONE + ONE[:2], ONE[2:]]))
@example(([ONE], [ONE + b"POST / HTTP/1.1\r\nX-One: ", ONE]))
def test_a_conversation_is_the_same_as_with_uvicorns_own(said: tuple[list[bytes], list[bytes]]) -> None:
    _, pieces = said
    by_asgi = asyncio.run(answers(pieces, echo, bounded=True))
    directly = asyncio.run(answers(pieces, Directly(echo), bounded=True))
    again = asyncio.run(answers(pieces, Directly(echo), bounded=True, before=twice(*said)))

    assert by_asgi == directly == again == asyncio.run(answers(pieces, echo, bounded=False))
    assert by_asgi[0].startswith(b"HTTP/1.1 ")


@settings(max_examples=200, deadline=None)
@given(conversations(), st.sampled_from([b"h2c", b"websocket", b"a, b/1"]))
def test_an_upgrade_that_is_offered_changes_nothing(
    said: tuple[list[bytes], list[bytes]], protocol: bytes
) -> None:
    plain = [piece.replace(HOST, HOST + b"Connection: Upgrade\r\n") for piece in said[1]]
    offer = b"Upgrade: %b\r\n" % protocol
    offering = [piece.replace(HOST, offer + HOST + b"Connection: Upgrade\r\n") for piece in said[1]]
    by_asgi = asyncio.run(answers(offering, echo, bounded=True))
    directly = asyncio.run(answers(offering, Directly(echo), bounded=True))
    again = asyncio.run(answers(offering, Directly(echo), bounded=True, before=[plain, offering] * 2))

    assert by_asgi == directly == again == asyncio.run(answers(plain, echo, bounded=False))


@st.composite
def broken_conversations(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """The same with something else in some places, or nothing.

    Whether an app that reads no body is asked before the body turns out to be broken is a matter of turns.
    """
    each = draw(st.lists(requests(targets.filter(lambda target: target != "/early")), min_size=1, max_size=3))
    whole = b"".join(each)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(whole)))
        whole = whole[:at] + draw(garbage) + whole[at + draw(st.integers(0, 2)) :]
    cuts = draw(st.sets(st.integers(1, len(whole) + 1), max_size=8)) & {*range(len(whole))}
    return each, list(_pieces(whole, cuts))


async def seen(
    pieces: list[bytes], wrap: Callable[[Echo], Any], before: Sequence[list[bytes]] = ()
) -> tuple[list[Any], Any]:
    app = Echo()
    said = await answers(pieces, wrap(app), bounded=True, before=before)
    return app.seen, said


@settings(max_examples=300, deadline=None)
@given(broken_conversations())
@example(([], [TWO + TWO.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\nnone")]))
def test_of_what_is_broken_the_same_requests_are_seen_and_answered(
    said: tuple[list[bytes], list[bytes]],
) -> None:
    _, pieces = said
    by_asgi = asyncio.run(seen(pieces, lambda app: app))
    directly = asyncio.run(seen(pieces, Directly))
    again = asyncio.run(seen(pieces, Directly, twice(*said)))
    again_by_asgi = asyncio.run(seen(pieces, lambda app: app, twice(*said)))

    assert by_asgi == directly
    assert again_by_asgi == again
    assert by_asgi[1] == again[1]


@pytest.mark.parametrize("size", [1, 100, 8_192, 8_193, 65_536, 1_000_000])
@pytest.mark.parametrize("path", [b"/", b"/early", b"/parts"])
@pytest.mark.parametrize("app", [echo, Directly(echo)], ids=["by ASGI", "directly"])
async def test_large_bodies_and_long_lines_of_requests_are_too(size: int, path: bytes, app: Any) -> None:
    count = 3 if size == 1 else 60
    length = 2_000 if size == 1 else 20_000
    large = b"POST %b HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n%b" % (path, length, b"y" * length)
    whole = (b"POST /?%b HTTP/1.1\r\nX: y\r\n\r\n" % (b"q" * 50) + large) * count
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]

    ours = await answers(pieces, app, bounded=True, count=2 * count)

    assert ours == await answers(pieces, echo, bounded=False, count=2 * count)
    assert ours[2] == 2 * count
