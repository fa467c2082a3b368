"""One port, and the processes that answer HTTP on it."""

import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

# A worker that does not answer for so long is replaced. On a busy machine it takes seconds to start.
_HUNG_S = 30


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
        raise ListenError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return taken


def serve(
    factory: str, listener: socket.socket, *, workers: int, drain_s: int, logging: Mapping[str, Any]
) -> None:
    """Serve the ASGI app that a factory (`module:function`) makes, until SIGTERM or SIGINT.

    Requests under way have `drain_s` seconds to end. A single worker is this process, where the signal is
    raised once more afterwards, for whoever handled it before.

    Raises:
        SystemExit: the app does not start.

    """
    config = config_of(factory, workers=workers, drain_s=drain_s, logging=logging)
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
        return
    supervisor = Multiprocess(config, sockets=[listener])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(STARTUP_FAILURE)


def config_of(
    factory: str | Callable[[], Any], *, workers: int, drain_s: int, logging: Mapping[str, Any]
) -> uvicorn.Config:
    """Say how uvicorn serves the ASGI app that a factory makes."""
    return uvicorn.Config(
        factory,
        factory=True,
        workers=workers,
        access_log=False,
        server_header=False,
        # Who is at the other end stays who it is: whom to believe about clients is for the app to say.
        proxy_headers=False,
        lifespan="on",
        log_config=dict(logging),
        timeout_graceful_shutdown=drain_s,
        timeout_worker_healthcheck=_HUNG_S,
    )
