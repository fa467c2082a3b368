"""A receiver of webhooks on a socket of its own, which answers as it is told and remembers what came."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

HANG = b""
"""Takes the message and never answers."""


class Received(NamedTuple):
    """A message as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature as a receiver does who has read standardwebhooks.com and none of our code."""
        key = base64.b64decode(secret.split("_", 1)[1])
        content = b".".join(
            [self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body]
        )
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


class Receiver:
    """`answers` are given one after the other, the last one for ever."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self.url = f"{scheme}://{host}:{port}/hooks?for=us"
        self.port = port
        self.received: list[Received] = []
        self.answers = [answer(200)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append(Received(headers, body))
            given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if given == HANG:
                await reader.read()
            writer.write(given)
            await writer.drain()
        writer.close()


def answer(status: int, body: bytes = b"thanks", **headers: str) -> bytes:
    """Write an HTTP answer."""
    said = {"Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def receiving(trust: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """Listen on a free port, with TLS where there is a context for it."""
    receivers: list[Receiver] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receivers[0].serve(reader, writer)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=trust)
    port = listening.sockets[0].getsockname()[1]
    receivers.append(Receiver("http" if trust is None else "https", host, port))
    yield receivers[0]
    listening.close()
