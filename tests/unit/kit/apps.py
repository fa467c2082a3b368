"""Small ASGI apps for the listener to serve."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def answering() -> App:
    """An app that starts and answers every request with its client's address and `well`."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        body = f"{scope['client'][0]} well".encode()
        length = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body})

    return app


def telling_its_process() -> App:
    """An app that answers with the process it runs in."""
    app = answering()

    async def telling(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = (os.getpid(), 0)
        await app(scope, receive, send)

    return telling


def failing() -> App:
    """An app that cannot start."""

    async def app(_scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "something is missing"})

    return app


def unmakeable() -> App:
    """An app that cannot even be made."""
    raise OSError("something is missing")


def telling_unless_away() -> App:
    """An app that tells its process, and cannot start while there is a file, to which it adds a byte."""
    away = Path(os.environ["AWAY"])
    if not away.exists():
        return telling_its_process()
    with away.open("a", encoding="ascii") as tried:
        tried.write(".")
    return failing()
