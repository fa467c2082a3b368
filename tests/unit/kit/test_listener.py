import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.kit.listener import ListenError, bind
from tests.waiting import wait_until


def test_port_0_is_any_that_is_free() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        assert listener.getsockname()[1] > 0


def test_a_port_is_taken_before_anybody_listens() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        with socket.socket() as client:
            assert client.connect_ex(listener.getsockname()) != 0
        listener.listen()
        with socket.socket() as client:
            assert client.connect_ex(listener.getsockname()) == 0


def test_an_address_of_version_6_is_understood() -> None:
    with closing(bind("::1", 0)) as listener:
        assert listener.family == socket.AF_INET6

    with pytest.raises(ListenError, match=r"^cannot listen on \[2001:db8::1\]:0: "):
        bind("2001:db8::1", 0)


def test_a_port_that_somebody_listens_on_cannot_be_had() -> None:
    with closing(bind("127.0.0.1", 0)) as busy:
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(
            ListenError, match=rf"^cannot listen on 127\.0\.0\.1:{port}: Address already in use$"
        ):
            bind("127.0.0.1", port)


def test_the_host_must_be_this_machine() -> None:
    with pytest.raises(
        ListenError, match=r"^cannot listen on 192\.0\.2\.1:0: Cannot assign requested address$"
    ):
        bind("192.0.2.1", 0)


# Serves an app, says on which port, and goes on after it was told to end.
SERVES = """
import sys
from app.kit.listener import bind, serve
listener = bind("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
serve(sys.argv[1], listener, workers=int(sys.argv[2]), drain_s=1, logging={"version": 1})
print("over", flush=True)
"""


# Lets no process be started while there is a file, to which it adds a byte.
CROWDED = """
import os, pathlib
from uvicorn.supervisors.multiprocess import Process
away, start = pathlib.Path(os.environ["AWAY"]), Process.start
def start_where_there_is_room(self):
    if not away.exists():
        return start(self)
    with away.open("r+") as tried:
        tried.seek(0, os.SEEK_END)
        tried.write(".")
    raise BlockingIOError("too many processes")
Process.start = start_where_there_is_room
"""


@contextmanager
def serving(app: str, workers: int, *, before: str = "", **around: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", before + SERVES, f"tests.unit.kit.apps:{app}", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | around) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise


@pytest.mark.parametrize("workers", [1, 2])
def test_an_app_is_served_until_it_is_told_to_end(workers: int) -> None:
    with serving("answering", workers) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        wait_until(lambda: answer_of(port) == b"127.0.0.1 well")

        process.terminate()

        assert process.stdout.read() == "over\n"
    assert process.returncode == 0


def answer_of(port: int) -> bytes:
    """Ask in the name of somebody else, whom nobody has a reason to believe in."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": "203.0.113.9"})
    try:
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - the address is our own
            body: bytes = answer.read()
            return body
    except OSError:
        return b""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("app", ["failing", "unmakeable"])
def test_an_app_that_cannot_start_ends_the_process_with_a_failure(app: str, workers: int) -> None:
    with serving(app, workers) as process:
        assert process.stdout is not None
        assert "over" not in process.stdout.read()
    assert process.returncode == 3


# Takes a port that somebody else takes at the same time, who then listens first.
SHUT_OUT = """
import sys
from app.kit.listener import ListenError, bind, serve
theirs = bind("127.0.0.1", 0)
ours = bind(*theirs.getsockname())
theirs.listen()
try:
    serve("tests.unit.kit.apps:answering", ours, workers=int(sys.argv[1]), drain_s=1, logging={"version": 1})
except ListenError as error:
    print(error)
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_somebody_else_listened_on_first_ends_it(workers: str) -> None:
    command = [sys.executable, "-c", SHUT_OUT, workers]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    assert re.fullmatch(r"cannot listen on 127\.0\.0\.1:\d+: Address already in use\n", said)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_replaced_one_by_one_while_requests_go_on(workers: int) -> None:
    with serving("telling_its_process", workers) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        wait_until(lambda: answer_of(port) != b"")
        wait_until(lambda: len(processes_at(port)) == workers)
        before = processes_at(port)

        process.send_signal(signal.SIGHUP)
        # Each of these asks many times, and every one of them is answered.
        wait_until(lambda: before.isdisjoint(processes_at(port)))

        process.terminate()
        assert process.stdout.read() == "over\n"
    assert process.returncode == 0


def processes_at(port: int) -> set[bytes]:
    """Who answers on 16 connections at once; every connection is kept for a second request."""
    connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(16)]
    answers = set()
    for _ in range(2):
        for connection in connections:
            connection.request("GET", "/")
        answers |= {connection.getresponse().read() for connection in connections}
    for connection in connections:
        connection.close()
    return answers


def test_it_ends_in_the_midst_of_replacing_workers() -> None:
    with serving("telling_its_process", 2) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        wait_until(lambda: answer_of(port) != b"")

        process.send_signal(signal.SIGHUP)
        process.terminate()

        assert process.stdout.read() == "over\n"
    assert process.returncode == 0


@contextmanager
def one_worker_lacking(
    away: Path, workers: int, factory: str = "telling_unless_away", before: str = ""
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve, then kill a worker, and wait until the next ones could not start while `away` is there."""
    with serving(factory, workers, before=before, AWAY=str(away)) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        wait_until(lambda: answer_of(port) != b"")
        wait_until(lambda: len(processes_at(port)) == workers)
        away.touch()
        os.kill(process_of(answer_of(port)), signal.SIGKILL)
        wait_until(lambda: away.stat().st_size >= 2 or process.poll() is not None)
        yield process, port


@pytest.mark.parametrize("workers", [1, 2])
def test_while_the_system_has_no_room_for_a_worker_it_is_tried_again(workers: int, tmp_path: Path) -> None:
    away = tmp_path / "away"
    with one_worker_lacking(away, workers, "telling_its_process", CROWDED) as (process, port):
        assert process.stdout is not None
        away.unlink()

        wait_until(lambda: len(processes_at(port)) == workers or process.poll() is not None)
        process.terminate()
        assert process.stdout.read() == "over\n"
    assert process.returncode == 0


def process_of(answer: bytes) -> int:
    return int(answer.split()[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_cannot_start_again_is_tried_until_it_can(workers: int, tmp_path: Path) -> None:
    away = tmp_path / "away"
    with one_worker_lacking(away, workers) as (process, port):
        assert workers == 1 or len(processes_at(port)) == 1

        away.unlink()

        wait_until(lambda: len(processes_at(port)) == workers)
        process.terminate()
        assert process.stdout is not None
        assert process.stdout.read() == "over\n"
    assert process.returncode == 0


def test_while_one_cannot_start_the_others_are_not_replaced_and_it_ends_when_told_to(tmp_path: Path) -> None:
    away = tmp_path / "away"
    with one_worker_lacking(away, 2) as (process, port):
        living, tried = processes_at(port), away.stat().st_size

        process.send_signal(signal.SIGHUP)
        wait_until(lambda: away.stat().st_size >= tried + 3)

        assert processes_at(port) == living
        process.terminate()
        assert process.stdout is not None
        assert process.stdout.read() == "over\n"
    assert process.returncode == 0
