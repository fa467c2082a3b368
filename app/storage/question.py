"""A command on its way to Valkey, and those who wait for what it answers."""

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, TypeAlias

from app.storage.command import Command, packed


class ErrorReply(Exception):  # noqa: N818 - named for what came, as the caller reads it
    """Valkey took the command and answered with an error."""


Heard: TypeAlias = Callable[[Any], None]
"""Is told the reply, or the exception in its place, in the order in which the server sent everything."""


class Question:
    """Asked once; any number may wait for it, and who stops waiting takes nothing from the others.

    `command` are its bytes, `moves` how often it was sent on to another server.

    `heard` is told even what comes too late for those who waited, and exactly once.
    """

    __slots__ = ("_heard", "_waiting", "asked_at", "command", "deadline", "moves")

    def __init__(self, command: Command, within_s: float, heard: Heard | None = None) -> None:
        self.command = packed(command)
        self.moves = 0
        self.asked_at = monotonic()
        self.deadline = self.asked_at + within_s
        self._heard = heard
        self._waiting: list[asyncio.Future[Any]] = []

    @property
    def is_late(self) -> bool:
        """Whether those who waited were told that it took too long."""
        return self.deadline == inf

    def wait(self) -> asyncio.Future[Any]:
        """Wait for the reply; raises ErrorReply, OSError or TimeoutError."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def answer(self, reply: Any) -> None:
        """Pass a reply on, or an exception that stands for it."""
        if self._heard is not None:
            self._heard(reply)
        failed = isinstance(reply, Exception)
        for future in self._waiting:
            if future.done():
                continue
            if failed:
                future.set_exception(reply)
            else:
                future.set_result(reply)

    def give_up(self) -> None:
        """Tell those who wait that it takes too long; the reply itself may still come."""
        self.deadline = inf
        for future in self._waiting:
            if not future.done():
                future.set_exception(TimeoutError("Valkey did not answer in time"))
        self._waiting.clear()
