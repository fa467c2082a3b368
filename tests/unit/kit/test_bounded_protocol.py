import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.kit.http_bounds import Limits
from tests.unit.kit.apps import Message, Receive, Send
from tests.unit.kit.wire import Wire, Worker, bounds_of, send

HEAD = b"POST / HTTP/1.1\r\nHost: shop\r\n"
WHOLE = HEAD + b"Content-Length: 3\r\n\r\nabc"
SMALL = Limits(connections=3, fields=5, head_bytes=10_000, body_bytes=30_000, body_step_bytes=100)


async def asked(*pieces: bytes, worker: Worker | None = None) -> Wire:
    worker = worker or Worker(limits=SMALL)
    wire = worker.connect()
    await send(worker, wire, pieces)
    return wire


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


async def test_after_a_body_that_nobody_read_the_connection_is_idle() -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [b"POST /early HTTP/1.1\r\nContent-Length: 3\r\n\r\na", b"bc"])

    worker.pass_seconds(75)
    await send(worker, wire, [WHOLE])

    assert wire.statuses == [200, 200]


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


@pytest.mark.parametrize("bad", [b"nonsense\r\n\r\n", HEAD + b"X: y\r\n" * 9 + b"\r\n"])
async def test_who_is_owed_answers_gets_them_before_being_hung_up_on(bad: bytes) -> None:
    wire = await asked(WHOLE + WHOLE + bad + WHOLE)

    assert wire.statuses == [200, 200]
    assert wire.written.count(b"connection: close") == 1
    assert wire.is_closed


class Gate:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked = 0
        self.told: list[str] = []

    async def __call__(self, _scope: Message, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self.open.wait()
        self.told.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


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


@pytest.mark.parametrize(
    ("sent", "patience"),
    [
        (b"", 10),
        (b"\r\n", 10),
        (b"P", 10),
        (HEAD, 10),
        (HEAD + b"Content-Length: 3\r\n\r\nab", 20),
        (WHOLE, 75),
        (WHOLE + b"P", 10),
        (b"POST /early HTTP/1.1\r\nContent-Length: 3\r\n\r\na", 20),
    ],
)
async def test_nobody_is_waited_for_longer_than_that(sent: bytes, patience: int) -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [sent])

    worker.pass_seconds(patience)
    assert not wire.ended()

    worker.pass_seconds(1)
    assert wire.ended()


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"", []),
        (b"P", [408]),
        (HEAD + b"Content-Length: 3\r\n\r\nab", [408]),
        (WHOLE, [200]),
        (WHOLE + b"P", [200, 408]),
        (b"POST /early HTTP/1.1\r\nContent-Length: 3\r\n\r\na", [200]),
    ],
)
async def test_a_late_request_is_told_and_a_connection_without_one_just_ends(
    sent: bytes, statuses: list[int]
) -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [sent])

    worker.pass_seconds(76)
    await worker.settle()

    assert wire.statuses == statuses
    assert worker.state.tasks == set()


@pytest.mark.parametrize(("begin", "drop"), [(b"", b"\r\n"), (b"GET /", b"y"), (HEAD + b"X: ", b"y")])
async def test_a_head_that_drips_gets_no_more_time(begin: bytes, drop: bytes) -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [begin + drop])

    for _ in range(10):
        worker.pass_seconds(1)
        await send(worker, wire, [drop])
    assert not wire.ended()
    worker.pass_seconds(1)

    assert wire.statuses == [408]


async def test_a_body_that_drips_gets_no_more_time_and_one_that_is_only_large_does() -> None:
    outcomes = []
    for part in (b"y", b"y" * 100):
        worker = Worker(limits=SMALL)
        wire = worker.connect()
        await send(worker, wire, [HEAD + b"Content-Length: 4000\r\n\r\n"])
        for _ in range(40):
            worker.pass_seconds(1)
            await send(worker, wire, [part])
        outcomes.append(wire.statuses)

    assert outcomes == [[408], [200]]


async def test_a_client_is_not_charged_for_the_time_of_the_app() -> None:
    for sent in (WHOLE, WHOLE + WHOLE, HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"):
        gate = Gate()
        worker = Worker(gate)
        wire = worker.connect()
        await send(worker, wire, [sent])

        worker.pass_seconds(100)
        assert not wire.ended()
        gate.open.set()
        await send(worker, wire, [b"abc"] if b"Expect" in sent else [])

        assert set(wire.statuses) == {200}


async def test_a_client_that_may_not_send_because_the_app_reads_slowly_is_not_late() -> None:
    gate = Gate()
    worker = Worker(gate)
    wire = worker.connect()
    await send(worker, wire, [HEAD + b"Content-Length: 100000\r\n\r\n", b"y" * 70_000])
    assert wire.is_paused

    worker.pass_seconds(100)
    assert not wire.ended()
    gate.open.set()
    await worker.settle()

    assert wire.statuses == [200]


@pytest.mark.parametrize("sent", [b"", WHOLE, WHOLE + b"P", HEAD, b"nonsense\r\n\r\n"])
async def test_a_client_that_does_not_read_is_cut_off_whatever_it_sends(sent: bytes) -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [WHOLE])

    wire.protocol.pause_writing()
    await send(worker, wire, [WHOLE, sent])
    worker.pass_seconds(30)
    assert not wire.ended()
    worker.pass_seconds(1)

    assert wire.is_cut


async def test_a_client_that_reads_again_at_last_is_still_hung_up_on() -> None:
    worker = Worker()
    wire = worker.connect()
    wire.protocol.pause_writing()
    await send(worker, wire, [b"nonsense\r\n\r\n"])
    wire.close()

    wire.protocol.resume_writing()

    assert list(bounds_of(wire).leaving) == [wire.protocol]


async def test_an_answer_that_nobody_waits_for_any_more_leaves_nothing_behind() -> None:
    gate = Gate()
    worker = Worker(gate)
    wire = await asked(WHOLE + WHOLE, worker=worker)
    wire.close()
    await worker.settle()

    gate.open.set()
    await worker.settle()

    assert not bounds_of(wire).leaving
    assert worker.state.tasks == set()


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


async def test_a_client_that_reads_again_is_not() -> None:
    worker = Worker()
    wire = worker.connect()
    wire.protocol.pause_writing()
    await send(worker, wire, [WHOLE])
    assert wire.statuses == []
    worker.pass_seconds(30)

    wire.protocol.resume_writing()
    await worker.settle()
    worker.pass_seconds(75)

    assert wire.statuses == [200]
    assert not wire.ended()


async def test_who_does_not_hang_up_after_a_refusal_is_cut_off() -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [b"nonsense\r\n\r\n"])

    worker.pass_seconds(5)
    assert wire in {queued.transport for queued in bounds_of(wire).leaving}
    worker.pass_seconds(1)

    assert wire.is_cut


async def test_the_one_that_waited_longest_makes_room_for_a_new_one() -> None:
    worker = Worker(limits=SMALL)
    wires = []
    for _ in range(3):
        wires.append(worker.connect())
        await send(worker, wires[-1], [WHOLE])
        worker.pass_seconds(1)
    await send(worker, wires[0], [WHOLE])

    newest = worker.connect()
    await send(worker, newest, [WHOLE])

    assert [wire.is_cut for wire in wires] == [False, True, False]
    assert newest.statuses == [200]
    assert len(worker.state.connections) == 3


@pytest.mark.parametrize("begun", [b"P", HEAD + b"Content-Length: 3\r\n\r\na"])
async def test_where_nobody_rests_a_slow_one_makes_room(begun: bytes) -> None:
    worker = Worker(limits=SMALL)
    wires = [worker.connect() for _ in range(3)]
    for wire in wires:
        await send(worker, wire, [begun])

    newest = worker.connect()
    await send(worker, newest, [WHOLE])

    assert [wire.is_cut for wire in wires] == [True, False, False]
    assert newest.statuses == [200]


async def test_where_all_are_being_answered_there_is_no_room() -> None:
    gate = Gate()
    worker = Worker(gate, SMALL)
    wires = [worker.connect() for _ in range(3)]
    for wire in wires:
        await send(worker, wire, [WHOLE])

    newest = worker.connect()
    await worker.settle()
    gate.open.set()
    await worker.settle()

    assert newest.is_cut
    assert [wire.statuses for wire in wires] == [[200]] * 3


async def test_queues_forget_whoever_is_gone() -> None:
    worker = Worker(limits=SMALL)
    sent: list[bytes] = [b"", b"P", HEAD + b"Content-Length: 3\r\n\r\na", WHOLE, b"nonsense\r\n\r\n"]
    for piece in sent:
        wire = await asked(piece, worker=worker)
        wire.close()
        await worker.settle()
        bounds = bounds_of(wire)
        queues = (bounds.fresh, bounds.idle, bounds.head, bounds.body, bounds.unread, bounds.leaving)
        assert not any(queues)


async def hang_up(worker: Worker, _: Wire) -> None:
    await asyncio.sleep(0.05)
    await worker.settle()


async def ask(worker: Worker, wire: Wire) -> None:
    await send(worker, wire, [WHOLE])


@pytest.mark.parametrize(("then", "statuses"), [(hang_up, [200]), (ask, [200, 200])])
async def test_at_the_end_an_idle_connection_has_a_short_while_for_what_is_on_its_way(
    then: Callable[[Worker, Wire], Awaitable[None]], statuses: list[int]
) -> None:
    worker = Worker(limits=Limits(grace_s=0.03))
    wire = await asked(WHOLE, worker=worker)

    wire.protocol.shutdown()
    await worker.settle()
    assert not wire.ended()
    await then(worker, wire)

    assert wire.statuses == statuses
    assert wire.ended()


async def test_at_the_end_every_answer_says_that_it_is_the_last() -> None:
    gate = Gate()
    worker = Worker(gate)
    wires = [worker.connect() for _ in range(3)]
    await send(worker, wires[0], [WHOLE])
    await send(worker, wires[1], [WHOLE + WHOLE])
    for wire in wires:
        wire.protocol.shutdown()
    await send(worker, wires[2], [WHOLE])
    wires.append(worker.connect())
    await send(worker, wires[3], [WHOLE])

    gate.open.set()
    await worker.settle()

    assert [wire.statuses for wire in wires] == [[200], [200, 200], [200], [200]]
    assert [wire.written.count(b"connection: close") for wire in wires] == [1, 1, 1, 1]
    assert all(wire.is_closed for wire in wires)


async def test_an_answer_that_has_begun_before_the_end_leaves_time_for_one_more_request() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def app(_scope: Message, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        begun.set()
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"ok"})

    worker = Worker(app, Limits(grace_s=0.03))
    wire = await asked(b"GET / HTTP/1.1\r\n\r\n", worker=worker)
    await begun.wait()
    wire.protocol.shutdown()
    go_on.set()
    await worker.settle()
    await send(worker, wire, [b"GET / HTTP/1.1\r\n\r\n"])

    assert wire.statuses == [200, 200]
    assert wire.written.count(b"connection: close") == 1


async def test_after_an_upgrade_that_is_not_known_the_connection_ends() -> None:
    wire = await asked(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", WHOLE)

    assert wire.statuses == [200]
    assert b"connection: close" in wire.written
    assert wire.is_closed
