"""What an app offers that can answer a whole request without ASGI."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """A request. Header names are lower-case; `headers` has the first of each name, `sent` all of them.

    `peer` is the address at the other end of the connection, None where it has none. `body` is None where it
    has not been read yet.
    """

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    sent: Sequence[tuple[bytes, bytes]]
    peer: str | None
    body: bytes | None


class Answer(NamedTuple):
    """A whole answer. Header names are lower-case, and no value has a line break in it."""

    status: int
    headers: Headers
    body: bytes


Answering: TypeAlias = Callable[[Asked], Coroutine[Any, Any, Answer]]
"""Answers a request. What it does before it first waits for something, it does outside any task."""


class AnswersDirectly(Protocol):
    """An ASGI app that knows for which requests it need not be one."""

    def directly(self, path: str) -> Answering | None:
        """Tell who answers what is POSTed to a path, once it is there; None where only ASGI will do."""
        ...
