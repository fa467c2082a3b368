import os
import shutil
from pathlib import Path

import pytest

from app.embedded.launch import execute, last_lines, launch, run, server_environment
from app.embedded.lease import is_held
from app.embedded.place import Place, Server
from app.embedded.process import find, kill, program, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Place(tmp_path).postgres


def test_a_program_tells_whether_it_ended_well(server: Server) -> None:
    assert run(server, ["true"])
    assert not run(server, ["false"])


def test_a_program_reads_the_text_and_writes_to_the_log(server: Server) -> None:
    run(server, ["cat"], "what it was given")

    assert last_lines(server.log) == "what it was given"


def test_a_program_without_text_has_nothing_to_read(server: Server) -> None:
    assert run(server, ["cat"])
    assert last_lines(server.log) == ""


def test_a_log_goes_on_where_it_ended_and_is_private(server: Server) -> None:
    run(server, ["echo", "one"])
    run(server, ["sh", "-c", "echo two >&2"])

    assert server.log.read_text() == "one\ntwo\n"
    assert server.log.stat().st_mode & 0o777 == 0o600


def test_a_server_does_not_learn_our_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_ADMIN_KEY", "sk_secret")
    monkeypatch.setenv("PGPORT", "6543")
    run(server, ["env"])

    assert {line.partition("=")[0] for line in server.log.read_text().splitlines()} == {"PATH", "LC_ALL"}


def test_a_program_inherits_no_descriptor_but_those_named(tmp_path: Path) -> None:
    log, leaked, passed = tmp_path / "log", os.memfd_create("leaked"), os.memfd_create("passed")
    os.set_inheritable(leaked, True)
    try:
        execute(["ls", "-l", "/proc/self/fd"], log, server_environment(), inherited=[passed])
    finally:
        os.close(leaked)
        os.close(passed)

    assert "passed" in log.read_text()
    assert "leaked" not in log.read_text()


def test_a_program_starts_in_the_folder_it_was_given(tmp_path: Path) -> None:
    execute(["pwd"], tmp_path / "log", server_environment(), folder=str(tmp_path))

    assert last_lines(tmp_path / "log") == str(tmp_path)


def test_a_launched_server_is_nobodys_child_and_counts_as_alive_to_its_end(server: Server) -> None:
    sleep, fake = shutil.which("sleep"), server.data / server.name / "postgres"
    assert sleep
    fake.parent.mkdir(parents=True)
    fake.symlink_to(sleep)
    launch(server, [str(fake), "600"])
    assert is_held(server.alive)
    assert wait_until(lambda: [program(pid) for pid in find(server)] == ["postgres"], 10)
    (pid,) = find(server)
    assert os.getsid(pid) == pid
    assert f"PPid:\t{os.getpid()}\n" not in Path(f"/proc/{pid}/status").read_text()
    kill(server)

    assert not is_held(server.alive)


def test_of_a_long_log_only_the_end_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first" + "." * 5000 + "last\n")

    assert last_lines(log).endswith("last")
    assert len(last_lines(log)) == 1499
    assert last_lines(tmp_path / "none") == ""
