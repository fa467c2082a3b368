"""How programs are run for a server, and servers started as nobody's child."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from app.embedded.lease import FileLock
from app.embedded.place import Server

_TAIL_BYTES = 1500


def launch(server: Server, command: Sequence[str]) -> None:
    """Start a server; it counts as alive until the last of its processes has ended."""
    run(server, detached(command))


def run(server: Server, command: Sequence[str], text: str = "") -> bool:
    """Run a program that works on or for a server, which counts as alive meanwhile; whether it ended well."""
    with FileLock(server.alive, shared=True) as alive:
        inherited = [alive.descriptor]
        return execute(command, server.log, server_environment(), text=text, inherited=inherited)


def execute(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    *,
    folder: str = "/",
    text: str = "",
    inherited: Sequence[int] = (),
) -> bool:
    """Run a program in a session of its own, `log` for all it says; whether it ended well.

    It gets `text` to read, and of our descriptors none but the inherited ones.
    """
    # A server's log quotes statements, and with them what they say of visitors: it is for its owner alone.
    log.touch(mode=0o600)
    with log.open("ab") as output:
        ended = subprocess.run(  # noqa: S603 our own programs and paths, and no shell
            command,
            input=text.encode() or None,
            stdin=None if text else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=folder,
            pass_fds=inherited,
            start_new_session=True,
            check=False,
        )
    return ended.returncode == 0


def detached(command: Sequence[str]) -> list[str]:
    """The command that starts another one in the background, as the child of no process of ours."""
    return ["setsid", "--fork", *command]


def server_environment() -> dict[str, str]:
    """What a server may know of our environment, whose keys and PGPORT are none of its business."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def last_lines(log: Path) -> str:
    """The end of a log, for a message about what it tells."""
    with suppress(FileNotFoundError):
        return log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()
    return ""
