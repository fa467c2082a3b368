"""Bounded connections that ask an app without ASGI where nothing has to be waited for first."""

import asyncio
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from app.kit.answer_bytes import CLOSE, AnswerBytes
from app.kit.bounded_protocol import BoundedProtocol
from app.kit.direct import Answer, Answering, AnswersDirectly, Asked
from app.kit.http_bounds import Bounds
from app.kit.http_refusal import INVALID, RefusedError
from app.kit.known_heads import Head, KnownHeads
from app.kit.resumed import resumed

# As uvicorn answers for an app that fails.
_FAILED = Answer(
    500,
    [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21"), CLOSE],
    b"Internal Server Error",
)


class Shared(NamedTuple):
    """What all connections of a worker have in common."""

    app: AnswersDirectly
    bounds: Bounds
    answer_bytes: AnswerBytes
    known_heads: KnownHeads


class _Owed:
    """An answer that is waited for, as uvicorn's protocol knows it: by what it uses of a request by ASGI."""

    response_started = response_complete = disconnected = waiting_for_100_continue = False
    # Nobody waits for this one.
    message_event = asyncio.Event()

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive


class DirectProtocol(BoundedProtocol):
    """One connection to an app that answers some requests directly.

    Such a request is answered while it is read, where it came whole in one piece, no answer is owed before it
    and the client reads what it is sent. The coroutine that answers is begun at once; only where it waits for
    something does it get a task. Whatever is different in any way goes to the app by ASGI.
    """

    def __init__(
        self, shared: Shared, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        super().__init__(shared.bounds, config, server_state, app_state)
        self._shared = shared
        # Who answers the request that is being read, as long as it need not go to ASGI.
        self._answering: Answering | None = None
        self._head: Head
        self._is_last = False
        self._body: list[bytes] = []
        # What is being read, where it began a request and no request before it has ended in it.
        self._piece: bytes | None = None
        self._has_answered = False

    def _feed(self, piece: bytes | memoryview) -> None:
        begins = not (self._vain or self._reads_head or self._reads_body or self._is_deaf)
        whole = piece if begins and isinstance(piece, bytes) else None
        if whole is None or not self._answers_known(whole):
            self._piece = whole
            super()._feed(piece)
            self._piece = None

    def _answers_known(self, piece: bytes) -> bool:
        """Answer a request of which all is there and whose head is known; tells whether it is one."""
        if self.owes_an_answer or self.flow.write_paused:
            return False
        found = self._shared.known_heads.find(piece)
        answering = found and self._shared.app.directly(found[0].path)
        if found is None or answering is None:
            return False
        self._ask(answering, *found)
        return True

    def on_message_begin(self) -> None:
        """Called at the first byte of a head; nothing is heard after a last answer."""
        if self._is_deaf:
            raise RefusedError(INVALID)
        self.url = b""
        self.headers = []
        self._reads_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called with each header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Called at the end of a head: the request goes to ASGI, unless all is set to answer it directly."""
        self._check_head()
        self._answering = self._who_answers()
        if self._answering is None:
            self._begin()
        self._end_head()

    def _who_answers(self) -> Answering | None:
        if self.owes_an_answer or self.flow.write_paused:
            return None
        path, query = _target_of(self.url)
        parser = self.parser
        answering = self._shared.app.directly(path) if parser.get_method() == b"POST" else None
        if answering is None or parser.should_upgrade() or parser.get_http_version() != "1.1":
            return None
        by_name = dict(reversed(self.headers))
        if b"expect" in by_name:
            return None
        self._head = Head(path, query, by_name, tuple(self.headers), not parser.should_keep_alive())
        return answering

    def _begin(self) -> None:
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers += headers
        self.expect_100_continue = (b"expect", b"100-continue") in (
            (name, value.lower()) for name, value in headers
        )
        self._reads_head = False
        super()._begin()

    def _hand_on(self) -> None:
        """Go on by ASGI with a request whose body may still be on its way."""
        self._answering = None
        self._begin()
        for part in self._body:
            super().on_body(part)
        self._body = []

    def _wait_for_more(self, fed: int) -> None:
        if self._is_deaf:
            # The last answer was given; only that the client hangs up is waited for.
            return
        if self._answering is not None:
            self._hand_on()
        super()._wait_for_more(fed)

    def refuse(self, status: int) -> None:
        """Answer what is being read by a status, unless the last answer was given already."""
        if self._answering is not None:
            self._hand_on()
        if not self._is_deaf:
            super().refuse(status)

    def on_body(self, body: bytes) -> None:
        """Called with each part of a body."""
        if self._answering is None:
            super().on_body(body)
        else:
            self._vain = 0
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Called at the end of a request: it is answered, as far as that can be done now."""
        answering = self._answering
        if answering is None:
            super().on_message_complete()
            return
        self._answering = None
        self._end_body()
        body = b"".join(self._body)
        self._body = []
        if self._piece is not None:
            self._shared.known_heads.keep(self._piece, self._head, len(body))
            self._piece = None
        self._ask(answering, self._head, body)

    def _ask(self, answering: Answering, head: Head, body: bytes) -> None:
        self._is_last = head.is_last
        peer = self.client[0] if self.client else None
        self._answer(answering(Asked("POST", head.path, head.query, head.headers, head.sent, peer, body)))

    def _answer(self, begun: Coroutine[Any, Any, Answer]) -> None:
        try:
            waits_for = begun.send(None)
        except StopIteration as done:
            self._give(done.value)
        except Exception:  # whatever it is, the client gets the answer that uvicorn would give
            self.logger.exception("Exception in a direct answer")
            self._give(_FAILED)
        else:
            self._answer_later(begun, waits_for)

    def _give(self, answer: Answer) -> None:
        """Send an answer; the connection rests then."""
        bounds = self.bounds
        is_last = self._write(answer, is_last=self._is_last or bounds.draining)
        self.server_state.total_requests += 1
        self._has_answered = True
        if is_last:
            self._is_deaf = True
            self._leave()
        elif not self.flow.write_paused and (
            self._queue is not bounds.idle or bounds.idle[self] != bounds.second
        ):
            self._wait_in(None)
            self._wait_in(bounds.idle)

    def _write(self, answer: Answer, *, is_last: bool) -> bool:
        """Write an answer; tells whether it was the last one."""
        is_last = is_last or (answer.status != 200 and CLOSE in answer.headers)  # noqa: PLR2004
        shared = self.server_state.default_headers
        self.transport.write(self._shared.answer_bytes.written(answer, shared, is_last=is_last))
        if is_last:
            self.transport.close()
        return is_last

    def _answer_later(self, begun: Coroutine[Any, Any, Answer], waits_for: Any) -> None:
        """Go on in a task, in the place where a request by ASGI would be."""
        self._wait_in(None)
        owed = _Owed(keep_alive=not (self._is_last or self.bounds.draining))
        self.cycle = cast("RequestResponseCycle", owed)
        task = self.loop.create_task(self._go_on(owed, begun, waits_for))
        # At the end the server waits for these.
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _go_on(self, owed: "_Owed", begun: Coroutine[Any, Any, Answer], waits_for: Any) -> None:
        try:
            answer = await resumed(begun, waits_for)
        except BaseException:
            # Where the server ends it before its time, too, as uvicorn does.
            self.logger.exception("Exception in a direct answer")
            answer = _FAILED
        if self.flow.write_paused and not owed.disconnected:
            await self.flow.drain()
        if not owed.disconnected:
            owed.response_started = owed.response_complete = True
            self._write(answer, is_last=not owed.keep_alive)
            self.on_response_complete()

    def _may_go_on(self) -> bool:
        # What is answered at once is answered before anybody else has their turn, so it is not too much.
        return super()._may_go_on() and not self._has_answered

    def _feed_held(self) -> None:
        self._has_answered = False
        super()._feed_held()
        if self._has_answered and self._held:
            self.loop.call_soon(self._feed_held)
        elif not (self._held or self.owes_an_answer):
            self.flow.resume_reading()


# Nearly all ask the same, each with the key of their site.
@lru_cache(maxsize=256)
def _target_of(url: bytes) -> tuple[str, bytes]:
    """Take a target apart as uvicorn does."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return unquote(path) if "%" in path else path, parsed.query or b""
