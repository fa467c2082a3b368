"""Connections to PostgreSQL of which the kernel notices that nobody is at the other end any more."""

import socket
from typing import Any

import asyncpg

# Asked after so many idle seconds, and then again and again; given up when nothing came back for so long.
IDLE_S, EVERY_S, SILENT_S = 15, 5, 30


class Watched(asyncpg.Connection):
    """Breaks where its machine is gone without a word, or another one has taken its address.

    Whoever waits for an answer sends nothing, and would not notice either for as long as it may take.
    """

    def __init__(self, protocol: Any, transport: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(protocol, transport, *args, **kwargs)
        _watch(transport.get_extra_info("socket"))


def _watch(connected: socket.socket) -> None:
    if connected.family != socket.AF_UNIX:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, EVERY_S)
        # In milliseconds; it counts for what was sent and not received, too.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_S * 1_000)
