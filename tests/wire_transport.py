"""A client that asks an app as its own server does: by the connections it is served on, without a socket."""

import asyncio

import h11
import httpx
from uvicorn.server import ServerState

from app.kit.listener import config_of
from tests.unit.kit.apps import App
from tests.unit.kit.wire import Wire

_QUIET = {"version": 1, "disable_existing_loggers": False}


class _Heard(Wire):
    """The transport of one connection, which reads what is answered."""

    def __init__(self, client: h11.Connection) -> None:
        super().__init__()
        self.events: asyncio.Queue[h11.Event] = asyncio.Queue()
        self._client = client

    def write(self, data: bytes | bytearray | memoryview) -> None:
        super().write(data)
        if not data:
            # To h11 that would be the end of everything.
            return
        self._client.receive_data(bytes(data))
        while isinstance(event := self._client.next_event(), h11.Event):
            self.events.put_nowait(event)


class WireTransport(httpx.AsyncBaseTransport):
    """Sends each request whole, on a connection of its own."""

    def __init__(self, app: App) -> None:
        self._config = config_of(lambda: app, workers=1, drain_s=1, logging=_QUIET)
        self._config.load()
        self._state = ServerState()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        client = h11.Connection(h11.CLIENT)
        asked = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        events: list[h11.Event] = [asked, h11.Data(await request.aread()), h11.EndOfMessage()]
        wire = _Heard(client)
        wire.protocol = self._config.http_protocol_class(self._config, self._state, {})  # type: ignore[call-arg,assignment] # it makes ours
        wire.protocol.connection_made(wire)
        whole = b"".join(client.send(event) or b"" for event in events)
        # As a loop does it: in no task.
        asyncio.get_running_loop().call_soon(wire.protocol.data_received, whole)
        response, body = None, b""
        while not isinstance(event := await wire.events.get(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
        wire.close()
        assert response is not None
        return httpx.Response(response.status_code, headers=list(response.headers), content=body)
