import asyncio
from functools import partial

import pytest

from app.kit.http_bounds import Limits
from tests.unit.kit.apps import Message, Receive, Send
from tests.unit.kit.wire import WHOLE, Gate, Wire, Worker, asked, send
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.usefixtures("both_ways")


async def ended(wire: Wire) -> bool:
    return wire.ended()


async def test_at_the_end_an_idle_connection_has_a_short_while_for_what_is_on_its_way() -> None:
    worker = Worker(limits=Limits(grace_s=PATIENCE_S))
    wire = await asked(WHOLE, worker=worker)

    wire.protocol.shutdown()
    await worker.settle()
    assert not wire.ended()
    await send(worker, wire, [WHOLE])

    assert wire.statuses == [200, 200]
    assert wire.ended()


async def test_at_the_end_an_idle_connection_that_asks_nothing_more_is_hung_up_on() -> None:
    wire = await asked(WHOLE, worker=Worker(limits=Limits(grace_s=0.03)))

    wire.protocol.shutdown()
    assert not wire.ended()
    await until(partial(ended, wire))

    assert wire.statuses == [200]


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

    worker = Worker(app, Limits(grace_s=PATIENCE_S))
    wire = await asked(b"GET / HTTP/1.1\r\n\r\n", worker=worker)
    await begun.wait()
    wire.protocol.shutdown()
    go_on.set()
    await worker.settle()
    await send(worker, wire, [b"GET / HTTP/1.1\r\n\r\n"])

    assert wire.statuses == [200, 200]
    assert wire.written.count(b"connection: close") == 1
