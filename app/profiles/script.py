"""A Lua script in Valkey, taught again where Valkey has forgotten it."""

from collections.abc import Sequence
from functools import partial
from hashlib import sha1
from typing import Any

from app.storage.question import ErrorReply, Heard
from app.storage.valkey import Valkey


class Script:
    """Runs atomically on the keys of one visitor."""

    def __init__(self, valkey: Valkey, source: str, *, within_s: float) -> None:
        self._valkey = valkey
        self._source = source
        self._sha = sha1(source.encode(), usedforsecurity=False).hexdigest()
        self._within_s = within_s

    async def run(self, keys: Sequence[str], *args: str | bytes | int, heard: Heard | None = None) -> Any:
        """Answer what the script returns; raises ErrorReply, OSError or TimeoutError."""
        ask = partial(self._valkey.ask, key=keys[0], within_s=self._within_s, heard=heard)
        try:
            return await ask(("EVALSHA", self._sha, len(keys), *keys, *args)).wait()
        except ErrorReply as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await ask(("EVAL", self._source, len(keys), *keys, *args)).wait()
