"""Server processes: found by the name in their command line, signalled, killed and waited for."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from app.embedded.errors import EmbeddedError
from app.embedded.lease import is_held
from app.embedded.place import Server

# What a process of ours may be: a server, or a program on the way to becoming one. Nothing else is ever
# killed, be it a pager on a log file or a search for the very name.
_PROGRAMS = ("postgres", "initdb", "valkey", "setsid", "setpriv", "unshare")
_POLL_S = 0.01
_KILL_S = 10.0


def find(server: Server) -> list[int]:
    """The living processes of a server, except one that is replacing its program at this very moment."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if bears(pid, server.name) and program(pid).startswith(_PROGRAMS)]


def bears(pid: int, name: str) -> bool:
    """Whether a process lives and has a name in its command line."""
    return any(name in argument for argument in _command_line(pid))


def program(pid: int) -> str:
    """The file name of a living process's program, or the title it gave itself; "" where none lives."""
    return next((argument.rsplit("/", 1)[-1] for argument in _command_line(pid)), "")


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each process that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill(server: Server) -> None:
    """Kill every process of a server, and those they still start; return when none is left.

    Raises:
        EmbeddedError: Some cannot be seen or killed from here.
    """

    def none_left() -> bool:
        pids = find(server)
        signal_all(pids, signal.SIGKILL)
        return not pids and not is_held(server.alive)

    if not wait_until(none_left, _KILL_S):
        raise EmbeddedError(
            f"another {server.data.name} works in {server.data} and cannot be stopped from here:"
            f" end the processes that hold {server.alive} open, then start again"
        )


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Ask again and again until a condition holds; False when it did not within the time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _command_line(pid: int) -> list[str]:
    # Zombies have an empty one, and whoever ends while it is read has none.
    with suppress(OSError):
        text = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0")
        return text.split("\0") if text else []
    return []
