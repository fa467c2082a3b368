import pytest

from tests.unit.kit.wire import HEAD, SMALL, WHOLE, Gate, Wire, Worker, asked, bounds_of, send

pytestmark = pytest.mark.usefixtures("both_ways")


async def test_after_a_body_that_nobody_read_the_connection_is_idle() -> None:
    worker = Worker()
    wire = worker.connect()
    await send(worker, wire, [b"POST /early HTTP/1.1\r\nContent-Length: 3\r\n\r\na", b"bc"])

    worker.pass_seconds(75)
    await send(worker, wire, [WHOLE])

    assert wire.statuses == [200, 200]


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


async def test_a_client_that_has_much_to_read_is_cut_off_once_it_does_not() -> None:
    worker = Worker(limits=SMALL)
    wire = worker.connect()
    wire.unread_bytes = 300
    wire.protocol.pause_writing()

    for left in (200, 100):
        wire.unread_bytes = left
        worker.pass_seconds(31)
        assert not wire.is_cut
    wire.unread_bytes = 1
    worker.pass_seconds(31)

    assert wire.is_cut


async def test_who_has_much_to_read_of_the_last_answer_has_as_much_time_for_it() -> None:
    class Large(Wire):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            super().write(data)
            if bytes(data).endswith(b"]"):
                self.unread_bytes = 1_000
                self.protocol.pause_writing()

        def close(self) -> None:
            self.is_closed = True

    worker = Worker(limits=SMALL)
    wire = worker.connect(Large())
    await send(worker, wire, [WHOLE.replace(b"Host: shop", b"Connection: close")])
    assert wire.is_closed

    wire.unread_bytes = 900
    worker.pass_seconds(31)
    assert not wire.is_cut
    wire.protocol.resume_writing()
    worker.pass_seconds(6)

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
