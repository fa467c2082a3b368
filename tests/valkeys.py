"""A Valkey of the test's own, to be frozen, killed, wiped and guarded."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis

from app.embedded.valkey import _binary
from tests.waiting import PATIENCE_S, wait_until


class OwnValkey:
    """A server that listens on a unix socket and on a port of 127.0.0.1."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "own.sock"
        with socket.socket() as free, socket.socket() as free_too:
            for each in (free, free_too):
                each.bind(("127.0.0.1", 0))
            self.port, self.bus_port = (each.getsockname()[1] for each in (free, free_too))
        self._folder = folder
        self._options = options
        self._process = self._start()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def _start(self) -> subprocess.Popen[bytes]:
        self.socket.unlink(missing_ok=True)
        places = {
            "port": self.port,
            "cluster-port": self.bus_port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "unixsocket": self.socket,
        }
        named = [text for name, value in places.items() for text in (f"--{name}", str(value))]
        command = [str(_binary()), *named, "--save", "", *self._options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: self._answers() or process.poll() is not None)
        assert process.poll() is None, "it did not start"
        return process

    def _answers(self) -> bool:
        # It listens before it serves.
        with suppress(FileNotFoundError, ConnectionError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(1) != b""
        return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        self._process = self._start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)


@contextmanager
def own_valkey(folder: Path, *options: str) -> Iterator[OwnValkey]:
    """Start a server, and end it."""
    running = OwnValkey(folder, *options)
    try:
        yield running
    finally:
        running.kill()


async def kill_clients(redis: Redis) -> None:
    """Have the server close all connections but this one."""
    await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # type: ignore[no-untyped-call] # redis-py does not type it
