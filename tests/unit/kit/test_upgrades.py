"""An upgrade that is not known is ignored: all is as if it had not been offered."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.unit.kit.wire import HEAD, SLOW, WHOLE, Echo, Gate, Worker, asked, send

pytestmark = pytest.mark.usefixtures("both_ways")

OFFER = b"Upgrade: h2c\r\n"
OFFERS = b"Connection: Upgrade, HTTP2-Settings\r\n" + OFFER + b"HTTP2-Settings: AAMAAABk\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;e=f\r\nc\r\n0\r\nT: t\r\n\r\n"
WITHOUT_BODY = b" / HTTP/1.1\r\nHost: shop\r\n\r\n"


def offering(request: bytes, offers: bytes = OFFERS) -> bytes:
    return request.replace(b"Host: shop\r\n", b"Host: shop\r\n" + offers)


@pytest.fixture(autouse=True)
def _nothing_is_said_of_it(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [message for message in caplog.messages if "upgrade" in message.lower()] == []


@pytest.mark.parametrize(
    "request_",
    [
        WHOLE,
        SLOW,
        CHUNKED,
        WHOLE.replace(b"/", b"/early", 1),
        WHOLE.replace(b"/", b"/parts", 1),
        WHOLE.replace(b"/", b"/a%20b?x=%C3%A4", 1),
        WHOLE.replace(b"1.1", b"1.0"),
        WHOLE.replace(b"Host: shop\r\n", b"Host: shop\r\nExpect: 100-continue\r\n"),
        WHOLE.replace(b"Host: shop\r\n", b"Host: shop\r\nConnection: close\r\n"),
        WHOLE.replace(b"Host: shop\r\n", b"Host: shop\r\nEmpty:\r\nX: \xff\ty \r\nX: z\r\n"),
        b"GET" + WITHOUT_BODY,
        b"HEAD" + WITHOUT_BODY,
    ],
)
async def test_wherever_it_is_cut_all_is_answered(request_: bytes) -> None:
    app = Echo()
    worker = Worker(app)

    async def said(*pieces: bytes) -> tuple[list[object], bytes, bool]:
        app.seen.clear()
        wire = await asked(*pieces, worker=worker)
        return [*app.seen], wire.written, wire.ended()

    offered = offering(request_) + WHOLE + offering(CHUNKED) + offering(b"GET" + WITHOUT_BODY)
    expected = await said(offered.replace(OFFER, b""))
    for at in range(1, len(offered)):
        assert await said(offered[:at], offered[at:]) == expected
    for size in (1, 7):
        assert await said(*(offered[at : at + size] for at in range(0, len(offered), size))) == expected


async def test_the_connection_goes_on_and_the_body_is_read() -> None:
    app = Echo()
    wire = await asked(offering(WHOLE), offering(WHOLE), WHOLE, worker=Worker(app))

    assert wire.statuses == [200, 200, 200]
    assert app.seen == [("POST", "/", b"abc")] * 3
    assert not wire.ended()


@pytest.mark.parametrize("said", [b"Upgrade, close", b"close, upgrade", b"upgrade\r\nConnection: close"])
async def test_who_asks_for_one_answer_alone_gets_it(said: bytes) -> None:
    wire = await asked(offering(WHOLE, b"Connection: %b\r\n" % said + OFFER) + WHOLE)

    assert wire.statuses == [200]
    assert b"connection: close" in wire.written
    assert wire.ended()


@pytest.mark.parametrize(
    "offers",
    [
        b"Connection: upgrade\r\nUpgrade: websocket\r\n",
        b"Connection: upgrade\r\nUPGRADE: a\r\nupgrade: b\r\n",
        b"Upgrade: a\r\nConnection: x\r\nConnection: upgrade\r\n",
        b"Connection: upgrade\r\nConnection: x\r\nUpgrade: websocket\r\n",
    ],
)
async def test_however_it_is_said(offers: bytes) -> None:
    app = Echo()
    wire = await asked(offering(WHOLE, offers) + WHOLE, worker=Worker(app))

    assert app.seen == [("POST", "/", b"abc")] * 2
    assert not wire.ended()


async def test_so_is_another_where_one_is_known() -> None:
    wire = await asked(offering(WHOLE), worker=Worker(ws=asyncio.Protocol))

    assert wire.statuses == [200]
    assert wire.taken_over_by is None


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3",
        b"Content-Length: 3\r\nContent-Length: 3",
        b"Content-Length: +3",
        b"Content-Length:",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding : chunked",
        b"X: y\r\n Transfer-Encoding: chunked",
        b"X: y\nTransfer-Encoding: chunked",
    ],
)
async def test_the_end_of_such_a_request_is_as_unmistakable_as_that_of_any(framing: bytes) -> None:
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n"
    for offered in (HEAD + OFFERS + framing, HEAD + framing + b"\r\n" + OFFERS[:-2]):
        wire = await asked(offered + b"\r\n\r\n" + smuggled)

        assert wire.statuses == [400]
        assert b"smuggled" not in wire.written
        assert wire.ended()


async def test_what_stands_in_a_body_is_not_asked() -> None:
    app = Echo()
    inner = offering(WHOLE.replace(b"/", b"/smuggled", 1))
    outer = offering(HEAD + b"Content-Length: %d\r\n\r\n" % len(inner)) + inner
    wire = await asked(outer + WHOLE, worker=Worker(app))

    assert app.seen == [("POST", "/", inner), ("POST", "/", b"abc")]
    assert wire.statuses == [200, 200]


@pytest.mark.parametrize("garbage", [b"nonsense\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
async def test_garbage_behind_it_is_refused(garbage: bytes) -> None:
    wire = await asked(offering(WHOLE) + garbage + WHOLE)

    assert wire.statuses == [200, 400]
    assert wire.ended()


async def test_a_body_of_it_that_is_broken_is_refused() -> None:
    wire = await asked(offering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n") + b"no chunk\r\n" + WHOLE)

    assert wire.statuses == [400]
    assert wire.ended()


@pytest.mark.parametrize("framing", [b"Content-Length: 40000", b"Transfer-Encoding: chunked"])
async def test_a_body_of_it_may_be_as_large_as_any(framing: bytes) -> None:
    part = b"y" * 1_000 if b"Length" in framing else b"%x\r\n%b\r\n" % (1_000, b"y" * 1_000)
    wire = await asked(offering(HEAD) + framing + b"\r\n\r\n", *[part] * 40)

    assert wire.statuses == [413]


@pytest.mark.parametrize("size", [1, 100, 100_000])
async def test_its_head_may_be_as_large_as_any(size: int) -> None:
    for length, statuses in ((9_999, [200]), (10_000, [431])):
        filling = b"X: %b\r\n" % (b"y" * (length - len(OFFERS) - 5))
        whole = b"GET / HTTP/1.1\r\n" + OFFERS + filling + b"\r\n"
        wire = await asked(*(whole[at : at + size] for at in range(0, len(whole), size)))
        assert wire.statuses == statuses


async def test_it_may_have_as_many_fields_as_any() -> None:
    for fields, statuses in ((1, [200]), (2, [431])):
        wire = await asked(HEAD + OFFERS + b"X: y\r\n" * fields + b"\r\n")
        assert wire.statuses == statuses


@pytest.mark.parametrize("sent", [offering(WHOLE)[:-1], offering(WHOLE)[:-6]], ids=["body", "head"])
async def test_it_may_take_as_long_as_any(sent: bytes) -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [sent])

    worker.pass_seconds(21)

    assert wire.statuses == [408]


async def test_after_it_as_many_wait_in_line_as_after_any_and_all_are_answered() -> None:
    gate = Gate()
    worker = Worker(gate)
    wire = worker.connect()
    # As many of them in one piece as there can be.
    least = b"POST / HTTP/1.1\r\nUpgrade:a\r\nConnection:upgrade\r\n\r\n"

    await send(worker, wire, [least * 1_000])
    assert len(wire.protocol.pipeline) < 200
    assert wire.protocol.flow.read_paused
    gate.open.set()
    async with asyncio.timeout(30):
        while wire.is_paused or wire.protocol.pipeline:
            await worker.settle()

    assert wire.statuses == [200] * 1_000


async def test_as_many_of_them_as_are_answered_at_once_are() -> None:
    app = Echo()
    worker = Worker(app)
    wire = worker.connect()
    least = b"POST / HTTP/1.1\r\nUpgrade:a\r\nConnection:upgrade\r\n\r\n"

    await send(worker, wire, [least * 1_000])
    async with asyncio.timeout(30):
        while len(wire.statuses) < 1_000:
            await worker.settle()

    assert app.seen == [("POST", "/", b"")] * 1_000


async def test_a_head_that_is_known_is_the_one_without_it() -> None:
    app = Echo()
    worker = Worker(app)
    wire = worker.connect()
    whole = offering(WHOLE)
    empty = whole.replace(b"3\r\n\r\nabc", b"0\r\n\r\n")
    each = [whole, whole.replace(OFFER, b""), empty, empty.replace(OFFER, b""), whole[:-1], b"d"] * 4

    await send(worker, wire, [*each, b"".join(each)])

    assert wire.statuses == [200] * 40
    assert [body for _, _, body in app.seen] == [b"abc", b"abc", b"", b"", b"abd"] * 8
    assert not wire.ended()


async def test_who_does_not_read_is_answered_once_they_do() -> None:
    worker = Worker()
    wire = worker.connect()
    wire.protocol.pause_writing()
    await send(worker, wire, [offering(WHOLE)])
    assert wire.statuses == []

    wire.protocol.resume_writing()
    await worker.settle()

    assert wire.statuses == [200]


async def test_at_shutdown_it_is_answered_as_the_last() -> None:
    worker = Worker()
    wire = worker.connect()
    wire.protocol.shutdown()
    await send(worker, wire, [offering(WHOLE)])

    assert wire.statuses == [200]
    assert b"connection: close" in wire.written
    assert wire.ended()
