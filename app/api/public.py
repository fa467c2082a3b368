"""The rim: answers `/decide` and `/events` itself and hands every other request on."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import perf_counter_ns

from app.api.cors import Headers, allow_origin, answer_preflight
from app.api.decide import answer_decide
from app.api.events import answer_events
from app.api.identity import caller_of, site_of
from app.api.parts import Parts
from app.api.request import ClientGone, Receive, Request, Scope, Send
from app.api.tally import Tally
from app.kit.admission import Admission
from app.kit.clock import now
from app.kit.direct import Answer, Answering
from app.web.keyring import Caller
from app.web.problems import PROBLEM_JSON, ProblemError, UnavailableError, problem_response_body
from app.web.request_id import request_id_of

Use = Callable[[Request, Parts, Caller, datetime], Awaitable[bytes]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_USES: dict[str, tuple[int, Use]] = {"/decide": (200, answer_decide), "/events": (202, answer_events)}
_JSON_TYPE = b"application/json"

_log = logging.getLogger(__name__)


class PublicEdge:
    """An ASGI app in front of another one. `parts` are set once everything is open."""

    def __init__(self, behind: App, clock: Callable[[], datetime] = now) -> None:
        self._behind = behind
        self._clock = clock
        self.parts: Parts | None = None
        self.tally = Tally()
        self.admission = Admission()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of ours, or pass it on."""
        if scope["type"] != "http" or scope["path"] not in _USES or self.parts is None:
            await self._behind(scope, receive, send)
            return
        try:
            status, headers, body = await self._answer(Request.by_asgi(scope, receive), self.parts)
        except ClientGone:
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def directly(self, path: str) -> Answering | None:
        """Tell who answers what is POSTed to a path, once all of it is there."""
        if path not in _USES or (parts := self.parts) is None:
            return None
        return lambda asked: self._answer(Request(asked), parts)

    async def _answer(self, request: Request, parts: Parts) -> Answer:
        started_ns = perf_counter_ns()
        headers: Headers = [(b"x-request-id", request_id_of(request.values(b"x-request-id")))]
        try:
            status, body = await self._use(request, parts, headers)
            content_type = _JSON_TYPE
        except ProblemError as problem:
            status, content_type = problem.status, PROBLEM_JSON.encode()
            body = problem_response_body(status, problem.detail, problem.errors)
            headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        took_ns = perf_counter_ns() - started_ns
        self.tally.count(request.path, status, took_ns)
        if body:
            headers += [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
            headers += [(b"cache-control", b"no-store"), (b"server-timing", _timing(request.path, took_ns))]
        return Answer(status, headers, body)

    async def _use(self, request: Request, parts: Parts, headers: Headers) -> tuple[int, bytes]:
        if request.method == "OPTIONS":
            headers += answer_preflight(request, parts.rulesets)
            return 204, b""
        if request.method != "POST":
            raise ProblemError(405, f"{request.path} takes POST", headers={"Allow": "POST, OPTIONS"})
        caller = caller_of(request, parts.keyring)
        # From here on even an error can be read by the page that asked.
        headers += allow_origin(request, site_of(caller, parts.rulesets))
        if not self.admission.admits():
            raise UnavailableError("more ask at once than can be served in time")
        parts.keyring.admit(caller)
        status, use = _USES[request.path]
        try:
            return status, await use(request, parts, caller, self._clock())
        except (ProblemError, ClientGone):
            raise
        except Exception as error:
            _log.exception("%s failed", request.path)
            raise ProblemError(500, "something went wrong here; the log says what") from error


def _timing(path: str, took_ns: int) -> bytes:
    return f"{path[1:]};dur={took_ns / 1e6:.3f}".encode()
