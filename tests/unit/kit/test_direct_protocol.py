import asyncio
from typing import Any

import pytest

from app.kit.direct import Answer, Answering, Asked
from app.kit.direct_protocol import DirectProtocol
from tests.unit.kit.wire import (
    HEAD,
    SLOW,
    SMALL,
    WHOLE,
    Directly,
    Echo,
    Gate,
    Wire,
    Worker,
    echo,
    received,
    send,
)


class Noting(Directly):
    """Notes in which tasks it was asked."""

    def __init__(self) -> None:
        super().__init__(Echo())
        self.tasks: list[asyncio.Task[object] | None] = []

    def directly(self, path: str) -> Answering | None:
        answering = super().directly(path)

        async def noting(asked: Asked) -> Answer:
            self.tasks.append(asyncio.current_task())
            assert answering is not None
            answer = await answering(asked)
            self.tasks.append(asyncio.current_task())
            return answer

        return answering and noting


async def test_what_waits_for_nothing_is_answered_at_once_and_without_a_task() -> None:
    app = Noting()
    worker = Worker(app)
    wire = worker.connect()

    await received(worker, wire, WHOLE)

    assert (wire.statuses, app.tasks) == ([200], [None, None])


async def test_what_waits_goes_on_in_a_task_that_the_worker_knows_of() -> None:
    app = Noting()
    worker = Worker(app)
    wire = worker.connect()

    asyncio.get_running_loop().call_soon(wire.protocol.data_received, SLOW)
    await asyncio.sleep(0)
    (task,) = worker.state.tasks
    await worker.settle()

    assert (wire.statuses, app.tasks) == ([200], [None, task])
    assert not worker.state.tasks


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        WHOLE.replace(b"POST", b"PUT"),
        WHOLE.replace(b"1.1", b"1.0"),
        WHOLE.replace(b"Host: shop", b"Expect: 100-continue"),
        WHOLE.replace(b"/", b"/early", 1),
    ],
)
async def test_what_is_different_in_any_way_goes_to_asgi(request_: bytes) -> None:
    app = Directly(echo)
    worker = Worker(app)
    wire = worker.connect()

    await received(worker, wire, request_)

    assert (wire.statuses, app.asked) == ([200], 0)


async def test_an_upgrade_that_is_ignored_is_no_difference() -> None:
    app = Directly(echo)
    worker = Worker(app)
    wire = worker.connect()

    await received(worker, wire, WHOLE.replace(b"Host: shop", b"Connection: upgrade\r\nUpgrade: h2c"))

    assert (wire.statuses, app.asked) == ([200], 1)


async def test_what_comes_in_two_pieces_goes_to_asgi_too() -> None:
    app = Directly(echo)
    worker = Worker(app)
    wire = worker.connect()

    await send(worker, wire, [WHOLE[:-2], WHOLE[-2:], WHOLE[:10], WHOLE[10:]])

    assert (wire.statuses, app.asked) == ([200, 200], 1)


async def test_answers_leave_in_the_order_of_their_requests() -> None:
    app = Echo()
    worker = Worker(Directly(app))
    wire = worker.connect()
    bodies = [b"aaa", b"bbb", b"ccc", b"ddd", b"eee"]
    whole = b"".join(
        (SLOW if place % 2 else WHOLE).replace(b"abc", body) for place, body in enumerate(bodies)
    )

    await send(worker, wire, [whole])

    assert [wire.written.index(body) for body in bodies] == sorted(map(wire.written.index, bodies))
    assert [body for _, _, body in app.seen] == bodies


async def test_while_an_answer_is_owed_no_more_is_read_than_waits_in_line() -> None:
    gate = Gate()
    worker = Worker(Directly(gate))
    wire = worker.connect()

    await send(worker, wire, [WHOLE * 2])
    assert (gate.asked, wire.is_paused, len(wire.protocol.pipeline)) == (1, True, 1)
    gate.open.set()
    await worker.settle()

    assert (wire.statuses, wire.is_paused) == ([200, 200], False)


@pytest.mark.parametrize("before", [0, 3])
async def test_a_connection_that_rests_holds_nothing_of_the_last_body(before: int) -> None:
    worker = Worker(Directly(echo))
    # A head that came several times is not read again.
    for _ in range(before):
        await received(worker, worker.connect(), WHOLE)
    wire = worker.connect()

    await received(worker, wire, WHOLE.replace(b"abc", b"xyz"))

    assert wire.statuses == [200]
    assert "xyz" not in str(vars(wire.protocol))


async def test_of_many_requests_at_once_others_have_their_turn_in_between() -> None:
    worker = Worker(Directly(echo))
    wire, other = worker.connect(), worker.connect()
    answered = []
    loop = asyncio.get_running_loop()

    loop.call_soon(wire.protocol.data_received, WHOLE * 1_000)
    loop.call_soon(other.protocol.data_received, WHOLE)
    loop.call_soon(lambda: answered.append((len(wire.statuses), len(other.statuses))))
    await asyncio.sleep(0)
    assert answered[0][1] == 1
    assert answered[0][0] < 200
    for _ in range(100):
        await asyncio.sleep(0)

    assert len(wire.statuses) == 1_000

    assert not wire.is_paused


async def test_the_rest_of_a_head_is_read_whose_beginning_came_behind_much_else() -> None:
    worker = Worker(Directly(echo))
    wire = worker.connect()
    long = WHOLE.replace(b"Host", b"X-Long: %b\r\nHost" % (b"y" * 9_000), 1)

    await send(worker, wire, [WHOLE + long[:9_000]])
    assert (wire.statuses, wire.is_paused) == ([200], False)
    await send(worker, wire, [long[9_000:]])

    assert wire.statuses == [200, 200]


@pytest.mark.parametrize("before", [0, 3])
async def test_a_client_that_reads_nothing_gets_no_answer_before_it_does(before: int) -> None:
    app = Directly(echo)
    worker = Worker(app)
    # A head that came several times is not read again.
    for _ in range(before):
        await received(worker, worker.connect(), WHOLE)
    wire = worker.connect()
    wire.protocol.pause_writing()

    await received(worker, wire, WHOLE)
    assert (wire.statuses, app.asked) == ([], before)
    wire.protocol.resume_writing()
    await worker.settle()

    assert wire.statuses == [200]


async def test_nor_does_one_that_stops_to_read_while_it_is_answered() -> None:
    gate = Gate()
    worker = Worker(Directly(gate))
    wire = worker.connect()
    await received(worker, wire, WHOLE)
    wire.protocol.pause_writing()
    gate.open.set()
    await worker.settle()
    assert wire.statuses == []

    wire.protocol.resume_writing()
    await worker.settle()

    assert wire.statuses == [200]


async def test_a_client_whose_answer_waits_to_be_read_is_cut_in_time() -> None:
    class Full(Wire):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            super().write(data)
            self.protocol.pause_writing()

    worker = Worker(Directly(echo))
    wire = worker.connect(Full())
    await received(worker, wire, WHOLE)

    worker.pass_seconds(30)
    assert not wire.is_cut
    worker.pass_seconds(1)

    assert wire.is_cut


async def test_who_hangs_up_gets_no_answer_and_what_was_begun_ends() -> None:
    gate = Gate()
    worker = Worker(Directly(gate))
    wire = worker.connect()
    await received(worker, wire, WHOLE)

    wire.close()
    await worker.settle()
    gate.open.set()
    await worker.settle()

    assert (gate.told, wire.written, worker.state.tasks) == (["http.request"], b"", set())


async def test_a_body_that_breaks_off_or_comes_too_slowly_is_refused_as_by_asgi() -> None:
    for rest, status in ((b"zz\r\n", 400), (b"", 408)):
        worker = Worker(Directly(echo), SMALL)
        wire = worker.connect()
        await received(worker, wire, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + rest)
        worker.pass_seconds(21)
        assert wire.statuses == [status]


async def test_the_idle_are_waited_for_since_their_last_answer() -> None:
    worker = Worker(Directly(echo))
    wire = worker.connect()
    for _ in range(3):
        await received(worker, wire, WHOLE + WHOLE)
        worker.pass_seconds(70)
    assert not wire.ended()

    worker.pass_seconds(6)

    assert wire.ended()


@pytest.mark.parametrize("said", [{"root_path": "/shop"}, {"access_log": True}, {"limit_concurrency": 5}])
async def test_where_uvicorn_has_more_to_do_all_goes_to_asgi(said: dict[str, Any]) -> None:
    worker = Worker(Directly(echo), **said)

    assert not isinstance(worker.connect().protocol, DirectProtocol)
    assert isinstance(Worker(Directly(echo)).connect().protocol, DirectProtocol)


async def test_over_a_socket_thousands_at_once_are_answered_in_order_however_slowly_they_are_read() -> None:
    app = Echo()
    worker = Worker(Directly(app))
    server = await asyncio.get_running_loop().create_server(worker.make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=2**14)
    bodies = [b"%03d" % (number % 1_000) for number in range(20_000)]

    async def ask() -> None:
        for place, body in enumerate(bodies):
            writer.write((WHOLE if place % 100 else SLOW).replace(b"abc", body))
            await writer.drain()

    asking = asyncio.create_task(ask())
    for _ in range(50):
        await asyncio.sleep(0)
    for body in bodies:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert (await reader.readexactly(length)).endswith(b"\"b'%b'\"]" % body)
    await asking
    assert [body for _, _, body in app.seen] == bodies
    writer.close()
    server.close()
    await server.wait_closed()
