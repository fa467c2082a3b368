"""The real service ends and restarts under load, and nobody who asked goes without an answer."""

import asyncio
import http.client
import json
import os
import signal
import socket
from collections import Counter
from contextlib import suppress
from pathlib import Path

from app.kit.listener import HUNG_S
from loadtests.connection import Connection, UnansweredError, request_head
from tests.integration.signpost import STOP_S, Service, descendants, serving
from tests.waiting import until, wait_until

LANES = 16
# Enough that there is always some request under way, and little enough that new workers can start.
PAUSE_S = 0.02
BODY = json.dumps({"visitor": {"id": "v-1"}, "placements": ["home.hero"]}).encode()


def workers_of(service: Service) -> set[int]:
    """The processes that answer; none where one has just ended while it was looked at."""
    with suppress(OSError):
        family = descendants(service.process.pid)
        return {pid for pid in family if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}
    return set()


class Load:
    """Lanes that ask one request after the other, each on a connection that it keeps."""

    def __init__(self, service: Service) -> None:
        key = service.keys["public_key"]
        self._port = service.port
        self._head = request_head("POST", "/decide", "shop", {"Authorization": f"Bearer {key}"})
        self.outcomes: Counter[int | str] = Counter()
        self.is_over = self.is_ending = False

    async def run(self) -> None:
        await asyncio.gather(*(self._lane() for _ in range(LANES)))

    async def _lane(self) -> None:
        connection = Connection("127.0.0.1", self._port)
        while not self.is_over:
            try:
                answer = await connection.send(self._head, BODY)
                self.outcomes[answer.status] += 1
                if self.is_ending and answer.header("Connection") == "close":
                    break
            except UnansweredError as error:
                self.outcomes[str(error)] += 1
            await asyncio.sleep(PAUSE_S)
        await connection.close()


async def test_a_rolling_restart_under_load_loses_no_request(tmp_path: Path) -> None:
    with serving(tmp_path / "data", WORKERS="2") as service:
        with service.workers(2) as workers:
            before = {worker.pid for worker in workers}
        load = Load(service)
        lanes = asyncio.create_task(load.run())

        os.kill(service.process.pid, signal.SIGHUP)

        async def are_replaced() -> bool:
            now = workers_of(service)
            return len(now) == 2 and before.isdisjoint(now)

        await until(are_replaced)
        answered = load.outcomes.total()

        async def goes_on() -> bool:
            return load.outcomes.total() > answered + 10 * LANES

        await until(goes_on)
        load.is_over = True
        await lanes

    assert set(load.outcomes) == {200}


async def test_at_the_end_every_lane_is_told_and_none_is_cut(tmp_path: Path) -> None:
    with serving(tmp_path / "data", WORKERS="2") as service:
        load = Load(service)
        lanes = asyncio.create_task(load.run())

        async def is_under_way() -> bool:
            return load.outcomes.total() > 10 * LANES

        await until(is_under_way)
        load.is_ending = True
        service.process.send_signal(signal.SIGTERM)
        await lanes
        assert await asyncio.to_thread(service.process.wait, STOP_S) == 0

    assert set(load.outcomes) == {200}


def begun(service: Service) -> socket.socket:
    """Ask all but the last byte of a decision."""
    connection = socket.create_connection(("127.0.0.1", service.port))
    key = service.keys["public_key"].encode()
    head = b"POST /decide HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % (key, len(BODY)) + BODY[:-1])
    return connection


def test_what_is_under_way_at_the_end_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path / "data", WORKERS="2") as service:
        with service.workers(2):
            connections = [begun(service) for _ in range(LANES)]
        running = service.processes()

        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_open(service.port))
        answers = []
        for connection in connections:
            connection.sendall(BODY[-1:])
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answers.append((answer.status, answer.headers["connection"], answer.read()[:1]))
            connection.close()

        assert answers == [(200, "close", b"{")] * LANES
        assert service.process.wait(STOP_S) == 0
        service.wait_until_nothing_is_left(running)


async def test_a_worker_that_dies_while_its_word_is_waited_for_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        with service.workers(1) as [worker]:
            before = worker.pid
        os.kill(before, signal.SIGSTOP)
        # Long enough to be asked for a sign of life, and much shorter than one is waited for.
        await asyncio.sleep(2)
        os.kill(before, signal.SIGKILL)

        async def is_replaced() -> bool:
            return bool(workers_of(service) - {before}) and is_open(service.port)

        async with asyncio.timeout(HUNG_S / 2):
            await until(is_replaced)


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
