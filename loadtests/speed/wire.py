"""HTTP connections without a socket: uvicorn's protocol between a fake transport and the app behind it."""

import asyncio
from collections.abc import Sequence
from email.utils import formatdate
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from loadtests.connection import Answer

_PEER, _HERE = ("203.0.113.7", 50_123), ("127.0.0.1", 8000)


class Turn:
    """Counts the answers that are still to come; `done` once there are none."""

    def __init__(self, awaited: int) -> None:
        self.awaited = awaited
        self.done = asyncio.get_running_loop().create_future()

    def answered(self) -> None:
        """Take note of one answer."""
        self.awaited -= 1
        if not self.awaited:
            self.done.set_result(None)


class Wire(asyncio.Transport):
    """The transport of one connection: keeps what is written to it.

    An answer is whole with its last brace: what is asked here is answered with one JSON object.
    """

    def __init__(self) -> None:
        super().__init__({"peername": _PEER, "sockname": _HERE})
        self.turn: Turn | None = None
        self.written: list[bytes] = []
        self._closing = False

    def write(self, data: Any) -> None:
        """Keep what the server says."""
        self.written.append(data)
        if data.endswith(b"}") and self.turn is not None:
            self.turn.answered()

    def writelines(self, list_of_data: Any) -> None:
        """Keep several pieces as the one that they make up."""
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        """Whether the server hung up."""
        return self._closing

    def close(self) -> None:
        """Hang up; whoever still waits for an answer is told."""
        self._closing = True
        if self.turn is not None and not self.turn.done.done():
            self.turn.done.set_exception(ConnectionError(f"closed after {b''.join(self.written)!r}"))

    def pause_reading(self) -> None:
        """Nothing comes before the answer anyway."""

    def resume_reading(self) -> None:
        """Nothing comes before the answer anyway."""

    def get_write_buffer_size(self) -> int:
        """Nothing is ever held up."""
        return 0


class Lines:
    """Keep-alive connections to one app, by the protocol that a configuration of uvicorn names."""

    def __init__(self, config: uvicorn.Config, count: int) -> None:
        if not config.loaded:
            config.load()
        loop = asyncio.get_running_loop()
        state = ServerState()
        # The server writes these once a second, for all connections.
        state.default_headers = [(b"date", formatdate(usegmt=True).encode()), *config.encoded_headers]
        protocol: Any = config.http_protocol_class
        self._wires = [Wire() for _ in range(count)]
        self._protocols = [
            protocol(config=config, server_state=state, app_state={}, _loop=loop) for _ in range(count)
        ]
        for one, wire in zip(self._protocols, self._wires, strict=True):
            one.connection_made(wire)

    @property
    def count(self) -> int:
        """How many connections there are."""
        return len(self._wires)

    async def exchange(self, requests: Sequence[bytes]) -> None:
        """Send one request on each connection, all in one turn of the loop, and wait for all answers."""
        turn = Turn(len(requests))
        for wire in self._wires:
            wire.turn = turn
        for protocol, request in zip(self._protocols, requests, strict=True):
            protocol.data_received(request)
        await turn.done
        # What was answered at once, before the loop had its turn, counts as one turn as well.
        await asyncio.sleep(0)

    def answers(self) -> list[list[Answer]]:
        """Read what was answered on each connection since the last time, in order."""
        found = []
        for wire in self._wires:
            found.append(read_answers(b"".join(wire.written)))
            wire.written.clear()
        return found

    def close(self) -> None:
        """Hang up on all connections, as clients do."""
        for wire, protocol in zip(self._wires, self._protocols, strict=True):
            wire.turn = None
            protocol.connection_lost(None)


def read_answers(data: bytes) -> list[Answer]:
    """Take bytes apart into answers; raises ValueError where they are no whole number of those."""
    found = []
    while data:
        head, blank, rest = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].split(b"\r\n", 1)[0] or -1)
        if not blank or not 0 <= length <= len(rest):
            raise ValueError(f"no whole answer: {data[:200]!r}")
        found.append(Answer(int(head[9:12]), head + b"\r\n", rest[:length]))
        data = rest[length:]
    return found
