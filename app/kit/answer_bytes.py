"""Answers as they go over the wire."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.kit.direct import Answer, Headers

CLOSE = (b"connection", b"close")


class AnswerBytes:
    """Writes answers, each beginning as uvicorn has them all begin: one for all connections of a worker."""

    def __init__(self) -> None:
        self._shared: Headers = []
        self._beginnings: dict[int, bytes] = {}

    def written(self, answer: Answer, shared: Headers, *, is_last: bool) -> bytes:
        """Write an answer; `shared` are the headers of all answers, replaced whole where they change.

        One that is the last of its connection says so.
        """
        if shared is not self._shared:
            self._shared, self._beginnings = shared, {}
        status, headers, body = answer
        beginning = self._beginnings.get(status) or self._begin(status)
        if is_last and CLOSE not in headers:
            headers = [*headers, CLOSE]
        return b"%b%b\r\n\r\n%b" % (beginning, b"\r\n".join(map(b": ".join, headers)), body)

    def _begin(self, status: int) -> bytes:
        lines = [b"%b: %b\r\n" % header for header in self._shared]
        beginning = self._beginnings[status] = b"".join([STATUS_LINE[status], *lines])
        return beginning
