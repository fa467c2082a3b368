"""A request as the public edge needs it: headers by name, the query, and a body of bounded size."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Self
from urllib.parse import parse_qs

from app.kit.direct import Asked
from app.web.problems import ProblemError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# What a page can send without a preflight, and what programs send. Nothing said counts as JSON too.
_JSON_TYPES = frozenset({b"application/json", b"text/plain", b""})


class ClientGone(Exception):  # noqa: N818 - nobody is left to answer
    """The client hung up before its request was complete."""


async def _nobody() -> Message:
    raise ClientGone


class Request:
    """One request, and where its body comes from unless it is there already.

    Header names are lower-case bytes; of a header sent twice the first counts. `peer` is the address at the
    other end of the connection, None where it has none.
    """

    __slots__ = ("_body", "_receive", "_sent", "headers", "method", "path", "peer", "query")

    def __init__(self, asked: Asked, receive: Receive = _nobody) -> None:
        self.method, self.path, self.query, self.headers, self._sent, self.peer, self._body = asked
        self._receive = receive

    @classmethod
    def by_asgi(cls, scope: Scope, receive: Receive) -> Self:
        """Take over what a server says of a request."""
        sent = scope["headers"]
        client = scope.get("client")
        peer = client[0] if client else None
        target = scope["method"], scope["path"], scope["query_string"]
        return cls(Asked(*target, dict(reversed(sent)), sent, peer, None), receive)

    def header(self, name: bytes) -> str | None:
        """Read a header; None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def values(self, name: bytes) -> list[bytes]:
        """Read a header as often as it was sent, in that order."""
        return [value for sent, value in self._sent if sent == name] if name in self.headers else []

    def query_value(self, name: str) -> str | None:
        """Read the first value of a query parameter; None where there is none."""
        return _first_value(self.query, name) if self.query else None

    async def json_body(self, limit: int) -> bytes:
        """Read the body of a JSON request, once: it is not kept.

        Raises:
            ProblemError: 413 where it is larger than `limit` bytes, 415 where it is no JSON by its type.
            ClientGone: where it never ends.

        """
        content_type = self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if content_type not in _JSON_TYPES:
            raise ProblemError(415, "send JSON as application/json or, to spare the preflight, as text/plain")
        body, self._body = self._body, None
        if body is None:
            return await self._received(limit)
        if len(body) > limit:
            raise _too_large(limit)
        return body

    async def _received(self, limit: int) -> bytes:
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        body = bytearray()
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit:
                raise _too_large(limit)
        return bytes(body)


# The same key is in nearly every query. Of thousands of other fields nothing is kept.
@lru_cache(maxsize=256)
def _first_value(query: bytes, name: str) -> str | None:
    values = parse_qs(query.decode("latin-1")).get(name)
    return values[0] if values else None


def _too_large(limit: int) -> ProblemError:
    # The rest of the body is not read, so the connection cannot carry another request.
    headers = {"Connection": "close"}
    return ProblemError(413, f"the body may have at most {limit:,} bytes", headers=headers)
