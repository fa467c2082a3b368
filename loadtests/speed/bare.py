"""The measure of everything: an ASGI app that answers a constant."""

from typing import Any

CONSTANT = b'{"constant":"%b"}' % (b"x" * (800 - 15))
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(CONSTANT))]


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 800 bytes of JSON, whatever is asked."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": CONSTANT})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def make_bare() -> Any:
    """Make the app, as servers ask for one."""
    return bare
