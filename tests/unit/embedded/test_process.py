import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.embedded import process
from app.embedded.errors import EmbeddedError
from app.embedded.lease import FileLock
from app.embedded.place import Place, Server
from app.embedded.process import bears, find, kill, program, signal_all, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Place(tmp_path).postgres


@contextmanager
def sleeper(title: str) -> Iterator[subprocess.Popen[bytes]]:
    """A harmless process that calls itself what the test wants."""
    executable = shutil.which("sleep")
    assert executable
    with subprocess.Popen([title, "600"], executable=executable) as started:
        # The title is there once the program has replaced the one that started it.
        assert wait_until(lambda: program(started.pid) == title.rsplit("/", 1)[-1], 10)
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def zombie(title: str) -> Iterator[int]:
    with sleeper(title) as started:
        started.kill()
        stat = Path(f"/proc/{started.pid}/stat")
        assert wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z", 10)
        yield started.pid


def test_a_server_is_found_by_its_name(server: Server) -> None:
    with sleeper(f"postgres: {server.name}: checkpointer") as started:
        assert find(server) == [started.pid]


def test_a_server_of_another_place_is_not_found(server: Server) -> None:
    with sleeper("postgres: signpost-0000000000000000-postgres: checkpointer"):
        assert find(server) == []


@pytest.mark.parametrize("title", ["grep {}", "/usr/bin/less {}.log", "python -m {}"])
def test_a_program_that_only_mentions_the_name_is_left_alone(server: Server, title: str) -> None:
    with sleeper(title.format(server.name)):
        assert find(server) == []


def test_a_zombie_is_not_alive(server: Server) -> None:
    with zombie(f"postgres: {server.name}: checkpointer") as pid:
        assert find(server) == []
        assert not bears(pid, "")
        assert program(pid) == ""


def test_who_ends_while_being_looked_at_is_not_alive() -> None:
    with subprocess.Popen(["true"]) as ended:
        pass

    assert program(ended.pid) == ""
    assert not bears(ended.pid, "true")


def test_a_signal_passes_over_who_has_ended() -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    with sleeper("sleep") as living:
        signal_all([ended.pid, living.pid], signal.SIGTERM)
        assert living.wait() == -signal.SIGTERM


def test_killing_ends_every_process_of_the_server_and_nobody_else(server: Server) -> None:
    first, second, other = (
        f"/opt/postgres -D {server.name}",
        f"postgres: {server.name}: idle",
        "postgres: other",
    )
    with sleeper(first) as leader, sleeper(second) as backend, sleeper(other) as stranger:
        kill(server)

        assert (leader.wait(), backend.wait()) == (-signal.SIGKILL, -signal.SIGKILL)
        assert stranger.poll() is None


def test_a_server_that_works_unseen_is_reported_and_not_passed_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_KILL_S", 0.05)
    with (
        FileLock(server.alive),
        pytest.raises(EmbeddedError, match=f"end the processes that hold {server.alive} open"),
    ):
        kill(server)


def test_waiting_ends_when_the_condition_holds() -> None:
    answers = iter([False, False, True])

    assert wait_until(lambda: next(answers), 10)


def test_waiting_ends_when_the_time_is_over() -> None:
    assert not wait_until(lambda: os.getpid() == 0, 0.02)
