"""uvicorn's HTTP protocol with bounds on what a client may send, and for how long it may be waited for."""

import asyncio
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from app.kit.http_bounds import Bounds, Queue
from app.kit.http_refusal import INVALID, LATE, TOO_LARGE_BODY, TOO_LARGE_HEAD, RefusedError
from app.kit.staying_protocol import StayingProtocol

# What arrived is read in pieces of this size, the next one once nothing of the last waits in line.
PIECE_BYTES = 8 * 1_024


class BoundedProtocol(StayingProtocol):
    """One connection, as uvicorn serves it, except that nothing about it is without bounds.

    Heads and bodies may be so large and take so long; nor may a client ask nothing or read nothing for ever.
    Trailers are dropped: merged into the headers they would be past whoever has checked headers before us.
    At shutdown a connection on which nothing is asked gets a short while for what may be on its way.
    """

    def __init__(
        self, bounds: Bounds, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.bounds = bounds
        self._queue: Queue | None = None
        # Bytes that arrived and of which nothing has come yet.
        self._vain = 0
        self._vain_at_most = bounds.limits.head_bytes - PIECE_BYTES
        self._reads_head = False
        self._fields = 0
        self._body_bytes = self._body_bytes_seen = 0
        self._unread_bytes = 0
        self._held = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn's own
        """Begin, in place of somebody else where all places are taken."""
        is_admitted = self.bounds.admit()
        super().connection_made(transport)
        self._wait_in(self.bounds.fresh)
        if not is_admitted:
            self.cut()
        elif self.bounds.draining:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait_in(None)
        self._held = b""
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what arrived, as far as it is time for it."""
        if len(data) <= PIECE_BYTES and not self._held:
            self._feed(data)
        else:
            self._held += data
            self._feed_held()

    def _feed_held(self) -> None:
        # Thousands of requests fit into what is read at once. Each that waits in line costs a hundred times
        # its bytes, so only those of one piece do.
        held, at = memoryview(self._held), 0
        while at < len(held) and self._may_go_on():
            self._feed(held[at : at + PIECE_BYTES])
            at += PIECE_BYTES
        self._held = bytes(held[at:])
        if self._held:
            self.flow.pause_reading()

    def _may_go_on(self) -> bool:
        return not self.pipeline

    def _feed(self, piece: bytes | memoryview) -> None:
        if self._is_deaf:
            return
        self._vain += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self.refuse(cause.status if isinstance(cause, RefusedError) else INVALID)
        except httptools.HttpParserUpgrade as upgrade:
            self._feed(self._upgrade(piece[upgrade.args[0] :]))
        else:
            # Nearly always a whole request was read: it is our turn then, or was already.
            is_settled = self._queue is None or self._queue is self.bounds.idle
            if self._reads_body or self._reads_head or self._vain or not is_settled:
                self._wait_for_more(len(piece))

    def _wait_for_more(self, fed: int) -> None:
        self._body_bytes += fed
        # Of a line that does not end, and of trailers, the parser tells nothing until they do.
        if self._vain > self.bounds.limits.head_bytes + PIECE_BYTES:
            self.refuse(TOO_LARGE_HEAD)
        elif self._reads_body and self._body_bytes > self.bounds.limits.body_bytes:
            self.refuse(TOO_LARGE_BODY)
        else:
            self._settle()

    def on_message_begin(self) -> None:
        """Called at the first byte of a head."""
        super().on_message_begin()
        self._reads_head = True

    def on_headers_complete(self) -> None:
        """Called at the end of a head: the request begins, unless its head is too large."""
        self._check_head()
        self._begin()
        self._end_head()

    def _check_head(self) -> None:
        limits = self.bounds.limits
        self._fields, size = len(self.headers), 0
        if self._vain > self._vain_at_most:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._fields > limits.fields or size > limits.head_bytes:
            raise RefusedError(TOO_LARGE_HEAD)

    def _end_head(self) -> None:
        self._reads_head, self._reads_body = False, True
        self._vain = self._body_bytes = self._body_bytes_seen = 0

    def _begin(self) -> None:
        super().on_headers_complete()
        if not self.flow.write_paused:
            self._wait_in(None)
        if self.bounds.draining and self.owes_an_answer:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Called with each part of a body."""
        self._vain = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Called at the end of a request."""
        self._end_body()
        super().on_message_complete()

    def _end_body(self) -> None:
        self._reads_body, self._vain = False, 0
        if len(self.headers) > self._fields:
            del self.headers[self._fields :]

    def on_response_complete(self) -> None:
        """Go on with what waits in line, or wait for the next request."""
        self.server_state.total_requests += 1
        if self._is_leaving():
            self._leave()
        elif self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            self._read_on()
        elif self._last_word is not None:
            self._say(self._last_word)
        else:
            self._read_on()
            self._wait_in(None)
            # As `_settle` would, where there is nothing else to see: it is so nearly always.
            if self._reads_body or self._vain or self._reads_head or self.flow.write_paused:
                self._settle()
            else:
                self._wait_in(self.bounds.idle)
            if self.bounds.draining:
                self.shutdown()

    def _read_on(self) -> None:
        if not self.pipeline:
            self.flow.resume_reading()
            if self._held:
                # Whoever answers may do so while a piece is being read.
                self.loop.call_soon(self._feed_held)

    def _settle(self) -> None:
        """Wait for whatever the client owes us now; for nothing while we owe it an answer."""
        bounds = self.bounds
        if self.flow.write_paused:
            self._wait_in(bounds.unread)
        elif self._reads_body:
            self._wait_in(bounds.body)
        elif self.owes_an_answer:
            self._wait_in(None)
        elif self._vain or self._reads_head:
            self._wait_in(bounds.head)
        else:
            self._wait_in(bounds.idle)

    def _wait_in(self, queue: Queue | None) -> None:
        """Be waited for in a queue: since now, or since ever where it is the one it was in."""
        if queue is self._queue:
            return
        if self._queue is not None:
            del self._queue[self]
        self._queue = queue
        if queue is not None:
            queue[self] = self.bounds.second

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        super().pause_writing()
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._wait_in(self.bounds.unread)

    def resume_writing(self) -> None:
        """Go on when it does."""
        super().resume_writing()
        if self._is_leaving():
            self._leave()
        else:
            self._settle()

    def rest_is_over(self) -> None:
        """Hang up on a client that asks nothing."""
        self.transport.close()
        self._leave()

    def head_is_late(self) -> None:
        """Refuse a request that does not begin."""
        self.refuse(LATE)

    def body_is_late(self) -> None:
        """Refuse a request that does not end, except where it is we who keep it from that."""
        grown = self._body_bytes - self._body_bytes_seen
        waits_for_us = self.flow.read_paused or (self.owes_an_answer and self.cycle.waiting_for_100_continue)
        if waits_for_us or grown >= self.bounds.limits.step_bytes:
            self._body_bytes_seen = self._body_bytes
            self._wait_in(None)
            self._wait_in(self.bounds.body)
        else:
            self.refuse(LATE)

    def answer_is_late(self) -> None:
        """Cut off a client that does not read, except one that has much to read and does."""
        left = self.transport.get_write_buffer_size()
        if self._unread_bytes - left >= self.bounds.limits.step_bytes:
            self._unread_bytes = left
            self._wait_in(None)
            self._wait_in(self.bounds.unread)
        else:
            self.cut()

    def cut(self) -> None:
        """End it without a word, and without waiting for what it has not read."""
        self._wait_in(None)
        self.transport.abort()

    def refuse(self, status: int) -> None:
        """Answer what is being read by a status, hear nothing any more and hang up.

        Whatever was asked before it is answered first.
        """
        self._is_deaf = True
        if status == INVALID:
            self.logger.warning("Invalid HTTP request received.")
        if self._reads_body and self.pipeline:
            # What is being read waits in line, too, and is the last there.
            self.pipeline.popleft()
            self._reads_body = False
        if self._reads_body:
            self._refuse_body(status)
        elif self.owes_an_answer:
            self._last_word = status
            self._settle()
        else:
            self._say(status)

    def _refuse_body(self, status: int) -> None:
        if not self.owes_an_answer or self.cycle.response_started:
            self.rest_is_over()
            return
        self.cycle.disconnected, self.cycle.waiting_for_100_continue = True, False
        self.cycle.message_event.set()
        self._say(status)

    def part(self) -> None:
        """Say and hear nothing any more, and leave a client that still sends a short while to stop."""
        super().part()
        self._leave()

    def _leave(self) -> None:
        if self.parser is not None:
            self._wait_in(self.bounds.unread if self.flow.write_paused else self.bounds.leaving)

    def shutdown(self) -> None:
        """Answer what was asked, and what may be on its way; then hang up."""
        self.bounds.draining = True
        if not self.owes_an_answer:
            self.loop.call_later(self.bounds.limits.grace_s, self._hang_up_if_resting)
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False

    def _hang_up_if_resting(self) -> None:
        if not self.owes_an_answer and not self.transport.is_closing():
            self.rest_is_over()
