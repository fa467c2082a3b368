"""A client without a socket: what it sends goes to a protocol on a fake transport."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.kit.bounded_http import BoundedHttp
from app.kit.bounded_protocol import BoundedProtocol
from app.kit.http_bounds import Limits
from tests.unit.kit.apps import App, Message, Receive, Send

HEAD = b"POST / HTTP/1.1\r\nHost: shop\r\n"
WHOLE = HEAD + b"Content-Length: 3\r\n\r\nabc"
SMALL = Limits(connections=3, fields=5, head_bytes=10_000, body_bytes=30_000, body_step_bytes=100)


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and tells its protocol of its end in the next turn."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: HttpToolsProtocol
        self.written = b""
        self.taken_over_by: asyncio.BaseProtocol | None = None
        self.can_be_half_closed = True
        self.is_paused = self.is_closed = self.is_cut = self.is_half_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 5), "sockname": ("192.0.2.2", 80)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.is_closed and not self.is_half_closed:
            self.written += data

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def is_closing(self) -> bool:
        return self.is_closed

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.taken_over_by = protocol

    def can_write_eof(self) -> bool:
        return self.can_be_half_closed

    def write_eof(self) -> None:
        self.is_half_closed = True

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.is_cut = True
        self.close()

    def ended(self) -> bool:
        """Whether no answer can come any more."""
        return self.is_closed or self.is_half_closed

    @property
    def statuses(self) -> list[int]:
        """The status of each answer so far, the 100s left out."""
        return [int(found) for found in re.findall(rb"HTTP/1\.1 ([2-5]\d\d) ", self.written)]


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """Answer with what was asked: at once for /early, in two parts for /parts, else when all was read."""
    body = b""
    more = scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    named = ("method", "path", "http_version", "query_string", "headers")
    text = json.dumps({"body": body.decode(), **{n: repr(scope[n]) for n in named}}).encode()
    parts = scope["path"] == "/parts"
    headers = [] if parts else [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if parts:
        await send({"type": "http.response.body", "body": b"part one", "more_body": True})
    await send({"type": "http.response.body", "body": text})


class Worker:
    """The connections of one worker, ours or uvicorn's own."""

    def __init__(
        self,
        app: App = echo,
        limits: Limits | None = None,
        *,
        bounded: bool = True,
        ws: type[asyncio.Protocol] | Literal["none"] = "none",
    ) -> None:
        self._config = Config(app, log_config=None, access_log=False, lifespan="off", ws=ws)
        self._config.load()
        self.state = ServerState()
        self._http = BoundedHttp(limits or Limits())
        self._make: Callable[..., HttpToolsProtocol] = self._http if bounded else HttpToolsProtocol

    def connect(self) -> Wire:
        wire = Wire()
        wire.protocol = self._make(self._config, self.state, {})
        wire.protocol.connection_made(wire)
        return wire

    def pass_seconds(self, seconds: int) -> None:
        assert self._http._bounds is not None
        for _ in range(seconds):
            self._http._bounds.sweep()

    async def settle(self) -> None:
        """Let everybody do what they can do now."""
        for _ in range(20):
            await asyncio.sleep(0)


async def send(worker: Worker, wire: Wire, pieces: Iterable[bytes]) -> None:
    """Send pieces as a network does: none while the other side does not read, and none after the end."""
    for piece in pieces:
        while wire.is_paused and not wire.is_closed:  # noqa: ASYNC110 - a transport has no Event
            await asyncio.sleep(0)
        if wire.is_closed or not piece:
            return
        wire.protocol.data_received(piece)
        await asyncio.sleep(0)
    await worker.settle()


def bounds_of(wire: Wire) -> Any:
    assert isinstance(wire.protocol, BoundedProtocol)
    return wire.protocol.bounds


async def asked(*pieces: bytes, worker: Worker | None = None) -> Wire:
    worker = worker or Worker(limits=SMALL)
    wire = worker.connect()
    await send(worker, wire, pieces)
    return wire


class Gate:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked = 0
        self.told: list[str] = []

    async def __call__(self, _scope: Message, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self.open.wait()
        self.told.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
