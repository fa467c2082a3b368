"""What a request is answered that could not even be read."""

import json
from collections.abc import Iterable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

INVALID, LATE, TOO_LARGE_BODY, TOO_LARGE_HEAD = 400, 408, 413, 431
_DETAILS = {
    INVALID: "this is not HTTP/1.1 that can be read in one way only",
    LATE: "the request took too long to arrive",
    TOO_LARGE_BODY: "the body is too large",
    TOO_LARGE_HEAD: "the request line and headers are too large or too many",
}


class RefusedError(Exception):
    """Raised while a request is read: it cannot be answered, except by this status."""

    def __init__(self, status: int) -> None:
        super().__init__(_DETAILS[status])
        self.status = status


def refusal(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write a whole answer (RFC 9457) that says it is the last one of its connection."""
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _DETAILS[status],
    }
    body = json.dumps(problem).encode()
    lines = [
        *headers,
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return b"".join([STATUS_LINE[status], *(b"%b: %b\r\n" % line for line in lines), b"\r\n", body])
