"""The profiles that were asked for last, as Valkey holds them; whoever fills this keeps it true."""

from collections.abc import Iterable, Iterator

# Where profiles lie in Valkey.
PREFIX = "profile:"
# What a profile and its key take on average where there are as many as may be; those with a long history
# take the room of several.
BODY_BYTES = 2_048
# What Python takes beside: two objects, and a place in a dict.
_BESIDE_BYTES = 200
# More than one for each that comes: so there are never more than `limit`, those that are gone included.
_FREED = 8


class Hot:
    """The bytes of `limit` profiles at most, and of no more than `BODY_BYTES` for each of those.

    Bytes, since the garbage collector would search decoded profiles each time, and they take several times
    the room. Who was not asked for the longest leaves first. A dict keeps the order, but to find its first
    key again and again is slow; so where room is needed all that is held becomes old, is listed once in that
    order, and whoever is asked for becomes young again.
    """

    prefix = PREFIX

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._gone: list[dict[str, bytes]] = []
        self._begin()

    def _begin(self) -> None:
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}
        self._leaving: Iterator[str] = iter(())
        self._room = self._limit * BODY_BYTES

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def clear(self) -> None:
        """Forget everything."""
        # To free so many at once takes milliseconds; whoever comes next frees some.
        self._gone += filter(None, (self._young, self._old))
        self._begin()

    def find(self, key: str) -> bytes | None:
        """Find what was put under a key."""
        body = self._young.pop(key, None)
        if body is None:
            body = self._old.pop(key, None)
        if body is not None:
            self._young[key] = body
        return body

    def put(self, key: str, body: bytes) -> None:
        """Hold this from now on, where need be in the place of those who were not asked for the longest."""
        self.forget(key)
        if self._gone:
            self._free_some()
        self._room -= _size(key, body)
        while (self._room < 0 or len(self._young) + len(self._old) >= self._limit) and self:
            self._let_one_leave()
        if self._room < 0:
            self._room += _size(key, body)
        else:
            self._young[key] = body

    def _let_one_leave(self) -> None:
        key = next(self._leaving, None)
        if key is None:
            self._old, self._young = self._young, {}
            # A tuple of texts is nothing that the garbage collector would search.
            self._leaving = iter(tuple(self._old))
        elif (body := self._old.pop(key, None)) is not None:
            self._room += _size(key, body)

    def _free_some(self) -> None:
        for _ in range(_FREED):
            if self._gone[-1]:
                self._gone[-1].popitem()
        if not self._gone[-1]:
            self._gone.pop()

    def forget(self, key: str) -> None:
        """Hold nothing under a key."""
        body = self._young.pop(key, None)
        if body is None:
            body = self._old.pop(key, None)
        if body is not None:
            self._room += _size(key, body)

    def drop(self, keys: Iterable[bytes]) -> None:
        """Forget what somebody has written."""
        for key in keys:
            # Anybody may write a key that is no text; none such is held.
            self.forget(key.decode(errors="replace"))


def _size(key: str, body: bytes) -> int:
    return len(key) + len(body) + _BESIDE_BYTES
