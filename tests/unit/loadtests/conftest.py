"""A server that says what a test tells it to, and steps to send to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from loadtests.service import Target
from loadtests.steps import Step

Heard = tuple[str, bytes]
Script = Callable[[str, bytes], bytes]


class Server:
    """What it heard, in order, and how to reach it."""

    def __init__(self, port: int) -> None:
        self.heard: list[Heard] = []
        self.opened = 0
        self.target = Target("127.0.0.1", port, "pk_here", "sk_here", "postgresql://nowhere")


def as_json(status: int, value: object, *headers: str) -> bytes:
    """Write an HTTP answer."""
    body = msgspec.json.encode(value)
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    """Answer each request with what `script` makes of its first line and body; b"" hangs up."""
    found: list[Server] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found[0].opened += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                line = head.split(b" HTTP/")[0].decode()
                found[0].heard.append((line, body))
                answer = script(line, body)
                writer.write(answer)
                await writer.drain()
                if not answer or b"Connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.append(Server(listener.sockets[0].getsockname()[1]))
    async with listener:
        yield found[0]


@pytest.fixture
def server_saying() -> Callable[[Script], Any]:
    """Start a server that follows a script."""
    return serving


@pytest.fixture
def json_answer() -> Callable[..., bytes]:
    """Write an HTTP answer of a status and a value."""
    return as_json


@pytest.fixture
def make_step() -> Callable[..., Step]:
    """Build a step; what is not named is the same for all."""

    def build(visitor: str = "v1", at_ms: int = 1_000, step_id: str = "s:1", **said: Any) -> Step:
        plain: dict[str, Any] = {
            "name": "product_viewed",
            "properties": {"product": "p"},
            "placements": ("product.side", "site.banner"),
            "context": {"url": "https://shop.example/products"},
        }
        return Step(visitor=visitor, at_ms=at_ms, id=step_id, **(plain | said))

    return build
