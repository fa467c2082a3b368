"""The id by which a request is found again in the logs of both sides."""

import re
from collections.abc import Iterable

import uuid_utils
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"x-request-id"
_ACCEPTABLE = re.compile(rb"[\x20-\x7e]{1,128}")


def request_id_of(sent: Iterable[bytes]) -> bytes:
    """Take over the client's id, the first that is 1 to 128 printable ASCII characters, or make a UUIDv7."""
    for value in sent:
        if _ACCEPTABLE.fullmatch(value):
            return value
    return str(uuid_utils.uuid7()).encode()


class RequestId:
    """Middleware that puts the id into `scope["state"]["request_id"]` and on the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(value for name, value in scope["headers"] if name == _HEADER)
        scope.setdefault("state", {})["request_id"] = request_id.decode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (_HEADER, request_id)]}
            await send(message)

        await self._app(scope, receive, send_with_id)
