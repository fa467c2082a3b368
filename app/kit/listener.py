"""One port, and the processes that answer HTTP on it."""

import errno
import logging as logs
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from app.kit.bounded_http import BoundedHttp
from app.kit.http_bounds import Limits
from app.kit.open_files import connections_within, raise_open_files

# A worker that does not answer for so long is replaced. On a busy machine it takes seconds to start.
HUNG_S = 30
# After one that could not start: what it lacks may take somebody a while to bring back.
RETRY_S = 3.0

_log = logs.getLogger(__name__)


class ListenError(Exception):
    """The port cannot be had; the message says why."""


def bind(host: str, port: int) -> socket.socket:
    """Take a port before anybody listens on it; 0 takes any that is free.

    Raises:
        ListenError: somebody else has it, or the host is not this machine.

    """
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise _refused(host, port, error.strerror) from error
    return taken


def _refused(host: str, port: int, why: str | None) -> ListenError:
    return ListenError(f"cannot listen on {place_of(host, port)}: {why}")


def place_of(host: str, port: int) -> str:
    """Write host and port as in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_listening(taken: socket.socket) -> bool:
    """Whether somebody listens on a port by this socket: this process, or one that inherited it."""
    try:
        return taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
    except OSError:
        return False


class _Ending(threading.Event):
    """Set as soon as a signal says so, even before somebody has looked at the signals."""

    def __init__(self, signals: list[int]) -> None:
        super().__init__()
        self._signals = signals

    def is_set(self) -> bool:
        """Whether all shall end."""
        return super().is_set() or signal.SIGTERM in self._signals or signal.SIGINT in self._signals


class _Supervisor(Multiprocess):
    """uvicorn's own, which on SIGHUP replaces one worker after the other, each once the next one serves.

    While it does so it looks at no signals; but to end is not to wait for that. Other than uvicorn's, it
    outlives workers that cannot start, if ever one has served.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.should_exit = _Ending(self.signal_queue)
        self.is_shut_out = self.has_failed = False
        # When those that could not start are to be replaced.
        self._due: WeakKeyDictionary[Process, float] = WeakKeyDictionary()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died or hang; end where they may not listen, or none has ever served."""
        for place, process in enumerate(self.processes):
            # With a copy of the worker's end in here, one that dies while it is asked whether it lives would
            # look like one that is only slow to answer.
            process.child_conn.close()
            if not process.is_alive(self.config.timeout_worker_healthcheck):
                self._replace(place)
        if not is_listening(self.sockets[0]) and self._serves() and not is_listening(self.sockets[0]):
            # The system lets two take a port but only one listen. The other's event loop tells nobody.
            self.is_shut_out = True
            self.should_exit.set()

    def _replace(self, place: int) -> None:
        process = self.processes[place]
        if process.exitcode is None:
            process.kill()
            process.join()
        if _failed(process) and not is_listening(self.sockets[0]):
            # None has ever listened, so the next one would fare no better.
            self.has_failed = True
            self.should_exit.set()
        if self.should_exit.is_set() or not self._is_due(process):
            return
        _log.error("worker %s has ended with %s, starting another one", process.pid, process.exitcode)
        try:
            another = Process(self.config, self.sockets)
            another.start()
        except OSError as error:
            # The system has no room for it at the moment, which is no reason to end the others.
            _log.error("no worker can be started now: %s", error)
        else:
            self.processes[place] = another

    def _is_due(self, process: Process) -> bool:
        """Whether a dead worker is to be replaced now: at once, or in a while if it could not start."""
        if not _failed(process):
            return True
        now = monotonic()
        return self._due.setdefault(process, now + RETRY_S) <= now

    def _serves(self) -> bool:
        within_s = self.config.timeout_worker_healthcheck
        return any(process.is_ready(within_s) for process in self.processes)

    def terminate_all(self) -> None:
        """End every worker. Whoever connects once they have stopped to accept is refused at once."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def _failed(process: Process) -> bool:
    """Whether a worker has ended by itself and in failure, as whatever keeps it from starting makes it."""
    return process.exitcode is not None and process.exitcode > 0


def serve(
    factory: str,
    listener: socket.socket,
    *,
    workers: int,
    drain_s: int,
    logging: Mapping[str, Any],
    limits: Limits | None = None,
) -> None:
    """Serve the ASGI app that a factory (`module:function`) makes, until SIGTERM or SIGINT.

    Each worker is a process of its own and starts again when it dies. SIGHUP replaces them one by one.
    Requests under way have `drain_s` seconds to end. Each worker takes as many connections as its limits say
    and the system allows.

    Raises:
        ListenError: somebody else took the port at the same time, and listened first.
        SystemExit: the app does not start, and never did.

    """
    config = config_of(factory, workers=workers, drain_s=drain_s, logging=logging, limits=limits)
    supervisor = _Supervisor(config, sockets=[listener])
    host, port = listener.getsockname()[:2]
    supervisor.run()
    if supervisor.is_shut_out:
        raise _refused(host, port, os.strerror(errno.EADDRINUSE))
    if supervisor.has_failed:
        sys.exit(STARTUP_FAILURE)


def config_of(
    factory: str | Callable[[], Any],
    *,
    workers: int,
    drain_s: int,
    logging: Mapping[str, Any],
    limits: Limits | None = None,
) -> uvicorn.Config:
    """Say how uvicorn serves the ASGI app that a factory makes, within what limits and system allow."""
    chosen = limits or Limits()
    places = connections_within(raise_open_files(), chosen.connections)
    return uvicorn.Config(
        factory,
        factory=True,
        workers=workers,
        http=BoundedHttp(replace(chosen, connections=places)),  # type: ignore[arg-type] # uvicorn only ever calls it
        access_log=False,
        server_header=False,
        # Who is at the other end stays who it is: whom to believe about clients is for the app to say.
        proxy_headers=False,
        lifespan="on",
        log_config=dict(logging),
        timeout_graceful_shutdown=drain_s,
        timeout_worker_healthcheck=HUNG_S,
    )
