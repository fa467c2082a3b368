"""The `signpost` command as people and machines run it: in a process of its own."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from app.embedded.lease import is_held
from app.embedded.place import Place
from app.embedded.process import find
from tests.waiting import lives, wait_until

PROGRAM = Path(sys.executable).with_name("signpost")
STOP_S = 30.0
BURST = 20


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    around = {name: value for name, value in os.environ.items() if not name.startswith("SIGNPOST_")}
    said = {"DATA_DIR": str(data_dir), "PORT": "0", "PROFILE_BUDGET_MS": "5000", **settings}
    return around | {f"SIGNPOST_{name}": value for name, value in said.items()}


def signpost(*arguments: str, data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    said = environment(data_dir, **settings)
    return subprocess.run([PROGRAM, *arguments], env=said, capture_output=True, text=True, check=False)


class Worker:
    """A connection that stays open, and with it the worker that has taken it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()

    @cached_property
    def pid(self) -> int:
        """The process, as its metrics tell it."""
        _, metrics = self.ask("GET", "/metrics")
        return int(re.findall(rb'signpost_process_info\{pid="(\d+)"\}', metrics)[0])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        self.send(method, path, body, **headers)
        return self.answer()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        """Ask, and leave the answer for later."""
        sent = None if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, sent, {"Content-Type": "application/json", **named})

    def answer(self) -> tuple[int, bytes]:
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()


class Service:
    """A running `signpost serve`, the keys it has made and what it has said."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self._said, self._log = data_dir.with_suffix(".out"), data_dir.with_suffix(".log")
        with self._said.open("wb") as said, self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve"], env=environment(data_dir, **settings), stdout=said, stderr=log
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def begin(self) -> None:
        """Wait until it says how to ask it."""
        wait_until(lambda: bool(self.curl) or self.process.poll() is not None)
        assert self.process.poll() is None, self.log

    @property
    def curl(self) -> list[str]:
        return re.findall(r"^ *(curl .*)\n", self.said, re.MULTILINE)

    @property
    def port(self) -> int:
        return int(re.findall(r"answers at http://127\.0\.0\.1:(\d+)", self.said)[0])

    @property
    def keys(self) -> dict[str, str]:
        kept: dict[str, str] = json.loads((self.data_dir / "keys.json").read_text())
        return kept

    @property
    def database_url(self) -> str:
        return str(json.loads((self.data_dir / "servers.json").read_text())["database_url"])

    @contextmanager
    def workers(self, count: int) -> Iterator[list[Worker]]:
        """Connect again and again, until there is a connection to each worker."""
        opened: dict[int, Worker] = {}

        def are_found() -> bool:
            # Many at once, since a single one is always taken by the worker that woke up first.
            for worker in [Worker(self.port) for _ in range(BURST)]:
                if opened.setdefault(worker.pid, worker) is not worker:
                    worker.close()
            return len(opened) >= count

        wait_until(are_found)
        yield list(opened.values())
        for worker in opened.values():
            worker.close()

    def processes(self) -> list[int]:
        """All that runs for it: the command, its workers, its shipper, and the servers."""
        place = Place(self.data_dir.resolve())
        return [*descendants(self.process.pid), *find(place.postgres), *find(place.valkey)]

    def stop(self) -> int:
        """Ask it to end, and answer its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)

    def wait_until_nothing_is_left(self, processes: list[int]) -> None:
        place = Place(self.data_dir.resolve())
        wait_until(lambda: not any(map(lives, processes)) and not is_held(place.reaper_lock))


def descendants(pid: int) -> list[int]:
    """A process and all that it has started, in whichever of its threads, and those in turn."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    return [pid, *(found for child in children for found in descendants(int(child)))]


@contextmanager
def serving(data_dir: Path, **settings: str) -> Iterator[Service]:
    """Run a service until the block ends, and see that it ends in order and leaves nothing behind."""
    service = Service(data_dir, **settings)
    try:
        service.begin()
        yield service
    finally:
        if service.process.poll() is None:
            left = service.processes()
            assert service.stop() == 0
            service.wait_until_nothing_is_left(left)
