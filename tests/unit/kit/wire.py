"""A client without a socket: what it sends goes to a protocol on a fake transport."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.kit.bounded_http import BoundedHttp
from app.kit.bounded_protocol import BoundedProtocol
from app.kit.direct import Answer, Answering, Asked
from app.kit.http_bounds import Limits
from tests.unit.kit.apps import App, Message, Receive, Send

HEAD = b"POST / HTTP/1.1\r\nHost: shop\r\n"
WHOLE = HEAD + b"Content-Length: 3\r\n\r\nabc"
SLOW = WHOLE.replace(b"/", b"/slow", 1)
SMALL = Limits(connections=3, fields=5, head_bytes=10_000, body_bytes=30_000, step_bytes=100)


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and tells its protocol of its end in the next turn."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: HttpToolsProtocol
        self.written = b""
        self.taken_over_by: asyncio.BaseProtocol | None = None
        self.can_be_half_closed = True
        self.unread_bytes = 0
        self.is_paused = self.is_closed = self.is_cut = self.is_half_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 5), "sockname": ("192.0.2.2", 80)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.is_half_closed:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not self.is_closed:
            self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes

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
        if self.is_closed:
            raise RuntimeError("unable to perform operation; the handler is closed")
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


class Echo:
    """Answers with what was asked: at once for /early, in two parts for /parts, else when all was read.

    That takes a moment for /slow, is the last answer for /last, and fails for /fails.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bytes | None]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        more = scope["path"] != "/early"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        version, parts = scope["http_version"], scope["path"] == "/parts"
        query, sent = scope["query_string"], scope["headers"]
        asked = Asked(scope["method"], scope["path"], query, {}, sent, None, body)
        status, headers, text = await self.answer(asked, version)
        headers = [] if parts else headers
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if parts:
            await send({"type": "http.response.body", "body": b"part one", "more_body": True})
        await send({"type": "http.response.body", "body": text})

    async def answer(self, asked: Asked, version: str = "1.1") -> Answer:
        self.seen.append((asked.method, asked.path, asked.body))
        if asked.path == "/fails":
            raise LookupError("as it should")
        if asked.path == "/slow":
            for _ in range(3):
                await asyncio.sleep(0)
        said = [asked.method, asked.path, version, asked.query, [*asked.sent], asked.body]
        text = json.dumps([*map(repr, said)]).encode()
        last = [(b"connection", b"close")] if asked.path == "/last" else []
        headers = [(b"content-length", str(len(text)).encode()), *last]
        return Answer(413 if last else 200, headers, text)


echo = Echo()


class Directly:
    """An app of ours as one that is asked directly, too, except for /early and /parts."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.asked = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def directly(self, path: str) -> Answering | None:
        return None if path in {"/early", "/parts"} else self._answer

    async def _answer(self, asked: Asked) -> Answer:
        self.asked += 1
        answer: Answer = await self._app.answer(asked)
        return answer


class Worker:
    """The connections of one worker, ours or uvicorn's own."""

    # Whether apps that can be asked directly are.
    is_direct: ClassVar[bool] = False

    def __init__(
        self,
        app: App = echo,
        limits: Limits | None = None,
        *,
        bounded: bool = True,
        ws: type[asyncio.Protocol] | Literal["none"] = "none",
        **said: Any,
    ) -> None:
        self.app = Directly(app) if self.is_direct and hasattr(app, "answer") else app
        kept = {"log_config": None, "access_log": False, "lifespan": "off", "proxy_headers": False, **said}
        self._config = Config(self.app, ws=ws, **kept)
        self._config.load()
        self.state = ServerState()
        self._http = BoundedHttp(limits or Limits())
        self._make: Callable[..., HttpToolsProtocol] = self._http if bounded else HttpToolsProtocol

    def make(self) -> HttpToolsProtocol:
        return self._make(self._config, self.state, {})

    def connect(self, wire: Wire | None = None) -> Wire:
        wire = wire or Wire()
        wire.protocol = self.make()
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


async def received(worker: Worker, wire: Wire, data: bytes) -> None:
    """Have data received as a loop does it: in no task."""
    asyncio.get_running_loop().call_soon(wire.protocol.data_received, data)
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

    async def answer(self, _: Asked) -> Answer:
        self.asked += 1
        await self.open.wait()
        self.told.append("http.request")
        return Answer(200, [(b"content-length", b"2")], b"ok")
