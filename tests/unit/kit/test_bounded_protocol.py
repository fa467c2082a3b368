import asyncio
import gc
import weakref

import pytest

from tests.unit.kit.apps import Message, Receive, Send
from tests.unit.kit.wire import HEAD, SLOW, SMALL, WHOLE, Gate, Wire, Worker, asked, send

pytestmark = pytest.mark.usefixtures("both_ways")


def header(length: int) -> bytes:
    return b"X: %b\r\n" % (b"y" * (length - 5))


async def test_as_many_header_fields_as_allowed_are_taken_and_one_more_is_not() -> None:
    fields = b"X: y\r\n" * 3
    taken = await asked(HEAD + fields + b"Content-Length: 0\r\n\r\n")
    refused = await asked(HEAD + fields + b"X: y\r\nContent-Length: 0\r\n\r\n")

    assert taken.statuses == [200]
    assert refused.statuses == [431]
    assert refused.is_half_closed


async def test_a_refusal_is_a_problem_and_says_that_it_is_the_last_answer() -> None:
    wire = await asked(HEAD + b"X: y\r\n" * 9 + b"\r\n")

    assert wire.written == (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
        b"content-type: application/problem+json\r\ncontent-length: 150\r\nconnection: close\r\n\r\n"
        b'{"type": "about:blank", "title": "Request Header Fields Too Large", "status": 431, '
        b'"detail": "the request line and headers are too large or too many"}'
    )


@pytest.mark.parametrize("size", [1, 100, 100_000])
async def test_a_head_may_be_so_large_to_the_byte_however_it_arrives(size: int) -> None:
    # The target counts as it is, each header as its line.
    head = b"GET / HTTP/1.1\r\n"
    for length, statuses in ((9_999, [200]), (10_000, [431])):
        whole = head + header(length) + b"\r\n"
        wire = await asked(*(whole[at : at + size] for at in range(0, len(whole), size)))
        assert wire.statuses == statuses


@pytest.mark.parametrize("begin", [b"GET /", HEAD + b"X: ", HEAD + b"X", b"", HEAD + b"\r\n"])
@pytest.mark.parametrize("filling", [b"y" * 1_000, b"\r\n" * 500])
async def test_what_never_ends_is_refused_while_it_arrives(begin: bytes, filling: bytes) -> None:
    worker = Worker(limits=SMALL)
    wire = worker.connect()

    await send(worker, wire, [begin])
    sent = 0
    while not wire.ended() and sent < 100:
        await send(worker, wire, [filling])
        sent += 1

    assert wire.ended()
    assert sent <= 20


@pytest.mark.parametrize("what", [b"T: %b", b"T%b: t\r\n", b"T: %b\r\n"])
async def test_trailers_that_never_end_are_refused_too(what: bytes) -> None:
    endless = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", *[what % (b"t" * 900)] * 25]
    wire = await asked(*endless)

    assert wire.statuses == [431]


async def test_an_endless_extension_of_a_chunk_is_refused() -> None:
    wire = await asked(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", *[b"e" * 1_000] * 25)

    assert wire.statuses == [431]


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_trailers_are_dropped(size: int) -> None:
    chunks = b"1\r\na\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
    whole = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    wire = await asked(*(whole[at : at + size] for at in range(0, len(whole), size)))

    assert wire.statuses == [200]
    assert b"203.0.113.9" not in wire.written


@pytest.mark.parametrize("chunked", [True, False], ids=["in chunks", "announced"])
async def test_a_body_may_be_so_large(chunked: bool) -> None:  # noqa: FBT001 - it comes from the line above
    part = b"%x\r\n%b\r\n" % (1_000, b"y" * 1_000) if chunked else b"y" * 1_000
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 40000"
    wire = await asked(HEAD + framing + b"\r\n\r\n", *[part] * 40)

    assert wire.statuses == [413]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3",
        b"Content-Length: 3\r\nContent-Length: 4",
        b"Content-Length: 3\r\nContent-Length: 3",
        b"Content-Length: 3, 3",
        b"Content-Length: +3",
        b"Content-Length: 0x3",
        b"Content-Length:",
        b"Content-Length: 3 3",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding:\x0bchunked",
        b"X: y\r\n Transfer-Encoding: chunked",
        b"X: y\nTransfer-Encoding: chunked",
    ],
)
async def test_a_request_of_which_two_readers_may_see_different_ends_is_refused(framing: bytes) -> None:
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n"
    wire = await asked(HEAD + framing + b"\r\n\r\n" + smuggled)

    assert wire.statuses == [400]
    assert b"smuggled" not in wire.written
    assert wire.ended()


async def test_what_follows_a_refusal_is_not_heard() -> None:
    wire = await asked(b"nonsense\r\n\r\n", WHOLE, WHOLE)

    assert wire.statuses == [400]


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (HEAD + b"X: y\r\n" * 9 + b"\r\n", 431),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
        (HEAD + b"Content-Length: 40000\r\n\r\n" + b"x" * 40_000, 413),
    ],
)
@pytest.mark.parametrize("before", [[200], [200, 200], [200, 200, 200]])
async def test_who_is_owed_answers_gets_them_before_being_refused(
    bad: bytes, status: int, before: list[int]
) -> None:
    wire = await asked(SLOW + WHOLE * (len(before) - 1) + bad + WHOLE)

    assert wire.statuses == [*before, status]
    assert wire.written.count(b"connection: close") == 1
    assert wire.ended()


async def test_whose_last_answer_was_asked_for_is_told_of_nothing_that_is_broken_behind_it() -> None:
    last = SLOW.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    wire = await asked(last + b"nonsense\r\n\r\n")

    assert wire.statuses == [200]
    assert wire.ended()


async def test_who_still_sends_when_the_last_answer_leaves_is_not_reset_but_heard_out_for_a_while() -> None:
    worker = Worker()
    wire = worker.connect()
    head = b"POST /early HTTP/1.1\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"

    await send(worker, wire, [head, *[b"x" * 50_000] * 4, WHOLE])
    assert wire.statuses == [200]
    assert (wire.is_half_closed, wire.is_closed, wire.is_paused) == (True, False, False)
    worker.pass_seconds(5)
    assert not wire.is_cut
    worker.pass_seconds(1)

    assert wire.is_cut


async def test_who_is_refused_a_body_is_not_told_to_send_it(caplog: pytest.LogCaptureFixture) -> None:
    wire = await asked(HEAD + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n")

    assert wire.statuses == [400]
    assert caplog.messages == ["Invalid HTTP request received."]


async def test_an_answer_that_fails_when_the_connection_is_lost_already_is_no_other_failure() -> None:
    async def app(_scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        raise LookupError("as it should")

    worker = Worker(app)
    wire = worker.connect()
    await send(worker, wire, [HEAD + b"Content-Length: 9\r\n\r\n"])
    tasks = [*worker.state.tasks]

    wire.close()
    await worker.settle()

    assert [task.exception() for task in tasks] == [None]


async def test_nor_is_who_reads_the_last_answer_slowly_waited_for_any_longer() -> None:
    class Full(Wire):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            super().write(data)
            self.protocol.pause_writing()

    worker = Worker()
    wire = worker.connect(Full())
    await send(worker, wire, [b"POST /early HTTP/1.1\r\nConnection: close\r\nContent-Length: 9\r\n\r\na"])
    while not wire.is_half_closed:
        wire.protocol.resume_writing()
        await worker.settle()
    wire.protocol.resume_writing()

    worker.pass_seconds(6)

    assert (wire.statuses, wire.is_cut) == ([200], True)


async def test_of_a_connection_that_was_lost_nothing_is_left_to_the_collector() -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [WHOLE.replace(b"/", b"/parts", 1)])
    lost = weakref.ref(wire.protocol)

    gc.disable()
    try:
        wire.close()
        await worker.settle()
        del wire.protocol
        assert lost() is None
    finally:
        gc.enable()


async def test_few_of_many_requests_at_once_wait_in_line_and_all_are_answered() -> None:
    gate = Gate()
    worker = Worker(gate)
    wire = worker.connect()
    request = b"GET / HTTP/1.1\r\n\r\n"

    await send(worker, wire, [request * 5_000])
    assert len(wire.protocol.pipeline) < 500
    assert wire.protocol.flow.read_paused
    gate.open.set()
    while wire.is_paused or wire.protocol.pipeline:
        await worker.settle()

    assert wire.statuses == [200] * 5_000


async def test_where_a_transport_cannot_be_closed_by_half_it_is_closed_whole() -> None:
    worker = Worker()
    wire = worker.connect()
    wire.can_be_half_closed = False

    await send(worker, wire, [b"nonsense\r\n\r\n"])

    assert (wire.statuses, wire.is_closed) == ([400], True)


async def test_a_known_upgrade_is_handed_over() -> None:
    worker = Worker(ws=Upgraded)
    wire = worker.connect()

    await send(worker, wire, [b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"])

    assert isinstance(wire.taken_over_by, Upgraded)
    assert wire.taken_over_by.received.startswith(b"GET / HTTP/1.1\r\n")
    worker.pass_seconds(100)
    assert not wire.ended()


class Upgraded(asyncio.Protocol):
    def __init__(self, **_: object) -> None:
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data


async def test_after_who_asks_for_a_tunnel_nothing_is_heard() -> None:
    wire = await asked(b"CONNECT / HTTP/1.1\r\nHost: shop\r\n\r\n", WHOLE)

    assert wire.statuses == [200]
    assert b"connection: close" in wire.written
    assert wire.ended()
