"""The first request, made before anybody else's."""

from starlette.types import ASGIApp, Message


async def ask_first(app: ASGIApp) -> None:
    """Ask for what nobody has: only then FastAPI makes its routes ready, for a quarter of a second."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/-",
        "raw_path": b"/-",
        "query_string": b"",
        "root_path": "",
        "headers": [],
    }
    await app(scope, _nothing_more, _drop)


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(_: Message) -> None:
    """Nobody waits for the answer."""
