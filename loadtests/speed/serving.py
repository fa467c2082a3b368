"""Servers in processes of their own: the service, as it is served or on plain ASGI, and the bare app."""

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import httpx
import uvicorn
from uvicorn.supervisors import Multiprocess

from app.kit.listener import bind, config_of, serve
from loadtests.service import free_port
from loadtests.speed.cases import OWN, PLAIN
from loadtests.speed.host import PATIENT_MS
from loadtests.speed.processes import children_of, command_of
from loadtests.speed.sites import Ground

BARE = "bare"
FACTORY = "app.main:create_app"
_LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
_STARTS_WITHIN_S = 60


class Server:
    """A server that runs, on a port that nobody else had."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = process

    @property
    def pids(self) -> list[int]:
        """Name the processes that answer: the workers, where one supervises them."""
        workers = [pid for pid in children_of(self._process.pid) if "spawn_main" in command_of(pid)]
        return workers or [self._process.pid]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def answers(self, path: str) -> None:
        """Wait until it answers; raises RuntimeError where it ended instead."""
        async with httpx.AsyncClient(base_url=self.url) as client, asyncio.timeout(_STARTS_WITHIN_S):
            while self._process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(path)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.05)
        raise RuntimeError(f"a server ended with {self._process.returncode} instead of answering")


@asynccontextmanager
async def server(served: str, ground: Ground, workers: int = 1) -> AsyncIterator[Server]:
    """Run a server: `bare`, or the service on its own protocol or on plain ASGI, one worker at least."""
    port = free_port()
    said = {
        "SIGNPOST_DATA_DIR": str(ground.folder),
        "SIGNPOST_DATABASE_URL": ground.servers.database_url,
        "SIGNPOST_REDIS_URL": ground.servers.redis_url,
        "SIGNPOST_PROFILE_BUDGET_MS": str(PATIENT_MS),
    }
    command = [sys.executable, "-m", "loadtests.speed.serving", served, str(port), str(workers)]
    process = subprocess.Popen(command, env=os.environ | said)  # noqa: ASYNC220, S603 - starting it does not block
    try:
        running = Server(process, port)
        # What `/livez` says is enough: nobody ships here, which `/readyz` would complain about in time.
        await running.answers("/livez")
        yield running
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("served", choices=[BARE, OWN, PLAIN])
    parser.add_argument("port", type=int)
    parser.add_argument("workers", type=int)
    options = parser.parse_args()
    with closing(bind("127.0.0.1", options.port)) as listener:
        if options.served == OWN:
            serve(FACTORY, listener, workers=options.workers, drain_s=1, logging=_LOGGING)
        else:
            _serve_plain(options.served, listener, options.workers)
    return 0


def _serve_plain(served: str, listener: socket.socket, workers: int) -> None:
    """Serve on uvicorn's own protocol."""
    factory = "loadtests.speed.bare:make_bare" if served == BARE else FACTORY
    config = config_of(factory, workers=workers, drain_s=1, logging=_LOGGING)
    config.http = "httptools"
    if workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
