"""What every admin route does before its body is read: ask for the key, and mind query, type, size, syntax.

And after it has answered: keep the answer, where the request asks for that, and send none that is known.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive, Scope, Send

from app.admin.idempotency import AnsweredBefore, keep_answer
from app.admin.notice import begin, catch_up
from app.admin.query_names import query_names_of, refuse_unknown
from app.admin.strict_json import decoding
from app.kit.slices import in_slices
from app.web.auth import admit
from app.web.etag import has
from app.web.problems import ProblemError

# 10,000 rules with their conditions are a few MiB.
BODY_LIMIT_BYTES = 32 * 2**20


class AdminRoute(APIRoute):
    """A route of the admin edge."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let every answer, a refusal too, say what the key has left of its requests.

        What a change puts in force is so here before its answer is sent, and elsewhere within milliseconds.
        """
        begin()

        async def send_with_allowance(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] < HTTPStatus.BAD_REQUEST:
                    await catch_up(scope["app"].state)
                told = scope.get("state", {}).get("allowance", {})
                headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        await super().handle(scope, receive, send_with_allowance)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the checks before what FastAPI does."""
        answer = super().get_route_handler()
        known = query_names_of(self.dependant)

        async def handle(request: Request) -> Response:
            # The key comes first, so that no stranger can make us read and decode megabytes.
            admit(request)
            refuse_unknown(request, known)
            try:
                response = await answer(await _decoded(request) if self.body_field is not None else request)
            except AnsweredBefore as before:
                return before.response
            await keep_answer(request, response)
            return _unless_known(request, response)

        return handle


def _unless_known(request: Request, response: Response) -> Response:
    """Answer a GET without what the client says it has, and what has no body without a type of one."""
    etag = response.headers.get("etag")
    if request.method == "GET" and etag is not None and has(request.headers.get("if-none-match"), etag):
        kept = {name: response.headers[name] for name in ("etag", "vary") if name in response.headers}
        return Response(status_code=304, headers=kept)
    if response.status_code == HTTPStatus.NO_CONTENT:
        del response.headers["content-type"]
    return response


class _DecodedRequest(Request):
    """A request whose body was read and decoded."""

    def __init__(self, request: Request, content: bytes, document: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._content = content
        self._document = document

    async def body(self) -> bytes:
        return self._content

    async def json(self) -> Any:
        return self._document


async def _decoded(request: Request) -> Request:
    if not is_json(media_type_of(request)):
        raise ProblemError(415, "the body must be JSON: Content-Type: application/json")
    content = await content_of(request)
    return _DecodedRequest(request, content, await in_slices(decoding(content)))


def media_type_of(request: Request) -> str:
    """Tell what a request says its body is, in lower case and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether it is JSON, or something that is written in it."""
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


async def content_of(request: Request) -> bytes:
    """Read a body; raises ProblemError 413 as soon as it is too large."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_LIMIT_BYTES:
            raise ProblemError(413, f"the body is larger than {BODY_LIMIT_BYTES} bytes")
    # Copied once, since megabytes take long.
    whole = request.state.content = bytes(content)
    return whole
