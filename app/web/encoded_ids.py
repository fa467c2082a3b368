"""Ids in paths: told apart from the path as they came, encoded, and decoded after."""

from urllib.parse import quote, unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send


class _EncodedId(Convertor[str]):
    regex = ".*"

    def convert(self, value: str) -> str:
        return unquote(value)

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


register_url_convertor("encoded", _EncodedId())


def encoded(name: str) -> str:
    """Write an id into the path of a route."""
    return f"{{{name}:encoded}}"


class EncodedIds:
    """An ASGI app in front of another one, whose routes below `prefix` see paths that nobody has decoded.

    A slash or a line break within an id is so not taken for one of the path's.
    """

    def __init__(self, behind: ASGIApp, prefix: str) -> None:
        self._behind = behind
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["path"].startswith(
            f"{scope.get('root_path', '')}{self._prefix}"
        ):
            # Servers need not tell it.
            raw = scope.get("raw_path") or quote(scope["path"]).encode()
            scope = {**scope, "path": raw.decode("ascii")}
        await self._behind(scope, receive, send)
