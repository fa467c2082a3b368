"""uvicorn's HTTP protocol, whose last answer reaches a client that still sends."""

import asyncio
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.kit.http_refusal import refusal


class _Speaking:
    """What uvicorn uses of a transport to answer a request, except that the protocol closes it."""

    def __init__(self, protocol: "PartingProtocol") -> None:
        transport = protocol.transport
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, protocol.part


class PartingProtocol(HttpToolsProtocol):
    """One connection, as uvicorn serves it, except for how it hangs up on somebody who still sends.

    To close at once would reset the connection, and with it the answer, which the client has not read yet.
    """

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        # Whether a body is on its way, and whether nothing is heard any more.
        self._reads_body = self._is_deaf = False
        # Whether nothing more will be said although we have not hung up.
        self._has_said_all = False
        # The status of a request that was refused, to be said once what was asked before it is answered.
        self._last_word: int | None = None

    @property
    def owes_an_answer(self) -> bool:
        """Whether some request that has begun is not answered to its end."""
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr] # before the first request there is none

    def _is_leaving(self) -> bool:
        return self.transport.is_closing() or self._has_said_all

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        # It knows us as we know it, which only the collector would find out.
        self.cycle = None  # type: ignore[assignment] # as before the first request

    def on_headers_complete(self) -> None:
        """Called at the end of a head: the request begins."""
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = cast("asyncio.Transport", _Speaking(self))

    def _say(self, status: int) -> None:
        self.transport.write(refusal(status, self.server_state.default_headers))
        self.part()

    def part(self) -> None:
        """Hang up; where the client still sends, only say that this was all, and hear nothing any more."""
        if self.transport.is_closing():
            return
        if (self._is_deaf or self._reads_body) and self.transport.can_write_eof():
            self._is_deaf = self._has_said_all = True
            self.transport.write_eof()
            self.flow.resume_reading()
        else:
            self.transport.close()
