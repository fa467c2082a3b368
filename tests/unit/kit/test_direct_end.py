import asyncio
import logging

import pytest

from app.kit.direct import Answer, Asked
from tests.unit.kit.wire import WHOLE, Directly, Echo, Gate, Wire, Worker, echo, received


async def test_at_the_end_what_waits_is_answered_and_says_that_it_is_the_last() -> None:
    gate = Gate()
    worker = Worker(Directly(gate))
    wire = worker.connect()
    await received(worker, wire, WHOLE)

    wire.protocol.shutdown()
    gate.open.set()
    await worker.settle()

    assert (wire.statuses, wire.is_closed) == ([200], True)
    assert b"connection: close" in wire.written


@pytest.mark.parametrize("path", [b"/fails", b"/last"])
async def test_after_a_last_answer_nothing_is_heard(path: bytes) -> None:
    app = Echo()
    worker = Worker(Directly(app))
    wire = worker.connect()

    await received(worker, wire, WHOLE.replace(b"/", path, 1) + WHOLE * 1_000)

    assert (len(wire.statuses), len(app.seen), wire.is_closed) == (1, 1, True)
    assert wire.written.count(b"connection: close") == 1


async def test_who_asks_for_one_answer_only_is_hung_up_on() -> None:
    worker = Worker(Directly(echo))
    wire = worker.connect()

    await received(worker, wire, WHOLE.replace(b"Host: shop", b"Connection: close"))

    assert (wire.statuses, wire.is_closed) == ([200], True)


@pytest.mark.parametrize("moment", [b"/fails", b"/fails-later"])
async def test_what_an_app_raises_is_logged_and_answered(
    moment: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(Failing())
    wire = worker.connect()
    with caplog.at_level(logging.ERROR):
        await received(worker, wire, WHOLE.replace(b"/", moment, 1))

    assert (wire.statuses, wire.is_closed) == ([500], True)
    assert wire.written.endswith(b"Internal Server Error")
    assert "LookupError: as it should" in caplog.text


class Failing(Directly):
    def __init__(self) -> None:
        super().__init__(echo)

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/fails-later":
            await asyncio.sleep(0)
        raise LookupError("as it should")


@pytest.mark.parametrize("path", [b"/last", b"/slow"])
async def test_who_does_not_even_read_the_last_answer_is_cut_in_time(path: bytes) -> None:
    class Unread(Wire):
        def close(self) -> None:
            self.is_closed = True

    worker = Worker(Directly(echo))
    wire = worker.connect(Unread())
    await received(worker, wire, WHOLE.replace(b"/", path, 1).replace(b"Host: shop", b"Connection: close"))
    assert (len(wire.statuses), wire.is_closed) == (1, True)

    worker.pass_seconds(5)
    assert not wire.is_cut
    worker.pass_seconds(1)

    assert wire.is_cut
