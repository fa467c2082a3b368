"""One HTTP/1.1 connection that stays open: as little work per request as a client can do."""

import asyncio
from collections.abc import Mapping

import msgspec

_BLANK = b"\r\n\r\n"


class UnansweredError(Exception):
    """A request has had no answer that can be read: no connection, no time left, or no HTTP."""


class Answer(msgspec.Struct, frozen=True):
    """An answer. `head` is the status line and headers, ending in a line break."""

    status: int
    head: bytes
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        """Find a header by its name, in whatever case."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.strip().lower() == name.lower().encode():
                return value.strip().decode("latin-1")
        return None


def request_head(method: str, target: str, host: str, headers: Mapping[str, str]) -> bytes:
    """Write the head of a request once for all its bodies, open at the end for the body's length."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "Content-Length: "]).encode("latin-1")


class Connection:
    """A connection that opens when first used, and anew after it broke or was closed by the other side."""

    def __init__(self, host: str, port: int, timeout_s: float = 30) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, head: bytes, body: bytes = b"") -> Answer:
        """Send one request and wait for its answer.

        Raises:
            UnansweredError: where none came, or none that ends with a Content-Length; it is not sent again.

        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(b"%b%d%b%b" % (head, len(body), _BLANK, body))
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            await self.close()
            raise UnansweredError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Close what is open; the next request opens it anew."""
        if self._streams is None:
            return
        writer = self._streams[1]
        self._streams = None
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            # The other side broke it first, which closes it as well.
            return

    async def _exchange(self, request: bytes) -> Answer:
        reader, writer = await self._open()
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(_BLANK)
        body = await reader.readexactly(_length_of(head))
        answer = Answer(int(head[9:12]), head, body)
        if b"\r\nconnection: close" in head.lower():
            await self.close()
        return answer

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A server closes what was idle too long; noticing it here keeps that from looking like a failure.
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams


def _length_of(head: bytes) -> int:
    if not head.startswith(b"HTTP/1."):
        raise ValueError("the answer is no HTTP/1.1")
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if found:
        return int(rest.split(b"\r\n", 1)[0])
    if head[9:12] in {b"204", b"304"}:
        return 0
    raise ValueError("the answer has no Content-Length")
