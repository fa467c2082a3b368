"""The profiles that were asked for last, as Valkey holds them; whoever fills this keeps it true."""

from collections.abc import Iterable

# What a profile and its key take on average where there are as many as may be; those with a long history
# take the room of several.
BODY_BYTES = 2_048
# What Python takes beside: two objects, and a place in a dict.
_BESIDE_BYTES = 200


class Hot:
    """The bytes of `limit` profiles at most, and of no more than `BODY_BYTES` for each of those.

    Bytes, since the garbage collector would search decoded profiles each time, and they take several times
    the room. Who was asked for since the last change of generation is young; of the others one goes wherever
    room is needed, so nothing is ever searched, moved or freed for many at once.
    """

    prefix = "profile:"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._room = limit * BODY_BYTES
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, key: str) -> bytes | None:
        """Find what was put under a key."""
        body = self._young.get(key)
        if body is None and (body := self._old.pop(key, None)) is not None:
            self._young[key] = body
        return body

    def put(self, key: str, body: bytes) -> None:
        """Hold this from now on, in the place of somebody who was not asked for in a while."""
        self.forget(key)
        self._young[key] = body
        self._room -= _size(key, body)
        while len(self) > self._limit or self._room < 0:
            if not self._old:
                self._old, self._young = self._young, {}
            self._room += _size(*self._old.popitem())

    def forget(self, key: str) -> None:
        """Hold nothing under a key."""
        body = self._young.pop(key, None)
        if body is None:
            body = self._old.pop(key, None)
        if body is not None:
            self._room += _size(key, body)

    def drop(self, keys: Iterable[bytes]) -> None:
        """Forget what somebody else has written."""
        for key in keys:
            # Anybody may write a key that is no text; none such is held.
            self.forget(key.decode(errors="replace"))

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old = {}, {}
        self._room = self._limit * BODY_BYTES


def _size(key: str, body: bytes) -> int:
    return len(key) + len(body) + _BESIDE_BYTES
