import http.client
import pickle
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from app.kit import http_bounds
from app.kit.bounded_http import BoundedHttp
from app.kit.http_bounds import Limits
from tests.unit.kit.wire import Worker, bounds_of
from tests.waiting import until

FILES = 40
# Serves, as a worker does, where the system allows far fewer files than there may be connections.
SERVES = """
import asyncio, resource, sys, uvloop
from uvicorn import Config
from uvicorn.server import ServerState
from app.kit.bounded_http import BoundedHttp
from app.kit.http_bounds import Limits
from tests.unit.kit.wire import echo

async def main():
    config, state, http = Config(echo, log_config=None), ServerState(), BoundedHttp(Limits())
    config.load()
    server = await asyncio.get_running_loop().create_server(lambda: http(config, state, {}), "127.0.0.1", 0)
    files = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

uvloop.run(main())
"""


def test_where_the_system_has_no_files_left_new_connections_end_and_others_are_served() -> None:
    command = [sys.executable, "-c", SERVES, str(FILES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, ExitStack() as stack:
        stack.callback(process.kill)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(FILES + 20)
        ]
        for client in clients[FILES:]:
            assert client.recv(1) == b""

        for client in [*clients[:10]] * 5:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            answer = http.client.HTTPResponse(client)
            answer.begin()
            assert answer.read().startswith(b"[")


def test_it_goes_to_another_process_with_its_limits() -> None:
    limits = pickle.loads(pickle.dumps(BoundedHttp(Limits(connections=7))))._limits  # noqa: S301 - our own

    assert limits == Limits(connections=7)


async def test_the_connections_of_a_worker_share_their_bounds() -> None:
    worker = Worker()

    assert bounds_of(worker.connect()) is bounds_of(worker.connect())
    assert bounds_of(Worker().connect()) is not bounds_of(worker.connect())


async def test_the_clock_runs_for_as_long_as_there_are_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_bounds, "SWEEP_S", 0.001)
    worker = Worker(limits=Limits(fresh_s=3))
    wire = worker.connect()

    async def is_quiet() -> bool:
        return wire.ended() and bounds_of(wire)._timer is None

    await until(is_quiet)
    assert bounds_of(wire).second >= 4
    assert not bounds_of(worker.connect())._timer.cancelled()
