"""The measure of everything: an ASGI app that answers a constant."""

from typing import Any

CONSTANT = b'{"constant":"%b"}' % (b"x" * (800 - 15))
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(CONSTANT))]


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 800 bytes of JSON, whatever is asked."""
    if scope["type"] != "http":
        raise RuntimeError(f"the bare app answers HTTP alone, no {scope['type']} like {await receive()}")
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": CONSTANT})
