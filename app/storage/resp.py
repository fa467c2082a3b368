"""One connection to Valkey: what is asked in one event-loop turn leaves in one write."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import chain
from math import inf
from typing import Any, Protocol, cast

import hiredis

from app.storage.command import Command
from app.storage.question import ErrorReply, Question

# Whoever comes while so many wait is refused at once: they would wait in vain.
AT_ONCE = 8_192
# A server that has left a question without an answer for so long is better looked for anew.
DEAF_S = 2.0

_MORE = object()


class Owner(Protocol):
    """Who a connection reports to."""

    def pushed(self, message: Sequence[Any]) -> None:
        """Hear what the server says unasked, in its place between the replies."""
        ...

    def answered(self) -> None:
        """Hear that somebody was answered in time."""
        ...

    def refused(self, question: Question, error: ErrorReply) -> bool:
        """Hear of an error, and tell whether the question was sent on to somebody else."""
        ...

    def lost(self, resp: "Resp") -> None:
        """Hear that the connection is no more, before those who wait on it do."""
        ...


class Resp(asyncio.Protocol):
    """Speaks RESP3. It takes questions before it is connected, and sends them once `open` says so.

    `proved_at` is when the latest question was asked that was answered: whatever the server had pushed before
    it heard that question has been heard here.
    """

    def __init__(self, owner: Owner) -> None:
        self.proved_at = -inf
        self._owner = owner
        self._reader = hiredis.Reader(replyError=ErrorReply, notEnoughData=_MORE)
        self._transport: asyncio.Transport | None = None
        self._pending: deque[Question] = deque()
        self._questions: list[Question] = []
        self._is_open = self._has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be connected."""
        self._transport = cast("asyncio.Transport", transport)
        if self._has_ended:
            self._transport.abort()

    async def greet(self, commands: Sequence[Command], within_s: float) -> list[Any]:
        """Say something before anything else is sent; answers the replies, exceptions among them."""
        questions = [Question(command, within_s) for command in commands]
        waiting = [question.wait() for question in questions]
        self._send(questions)
        return await asyncio.gather(*waiting, return_exceptions=True)

    def open(self) -> None:
        """Send what was asked so far, except what nobody waits for any more, and from now on everything."""
        self._is_open = True
        asked, self._questions = self._questions, []
        for question in asked:
            if question.is_late:
                question.answer(TimeoutError("it was never sent"))
            else:
                self.ask(question)

    def ask(self, question: Question) -> None:
        """Send a command at the end of this turn; raises ConnectionError where too much waits already."""
        if len(self._pending) + len(self._questions) >= AT_ONCE:
            raise ConnectionError(f"{AT_ONCE} commands wait for Valkey already")
        if self._is_open and not self._questions:
            asyncio.get_running_loop().call_soon(self._flush)
        self._questions.append(question)

    def _flush(self) -> None:
        if not self._has_ended:
            questions, self._questions = self._questions, []
            self._send(questions)

    def _send(self, questions: Sequence[Question]) -> None:
        assert self._transport is not None  # noqa: S101 - nothing is sent before it is connected
        self._pending.extend(questions)
        self._transport.write(b"".join([question.command for question in questions]))

    def data_received(self, data: bytes) -> None:
        """Give each reply to its question, and what is none to the owner."""
        self._reader.feed(data)
        in_time = False
        try:
            while (reply := self._reader.gets()) is not _MORE and not self._has_ended:
                if type(reply) is hiredis.PushNotification:
                    self._owner.pushed(reply)
                    continue
                question = self._pending.popleft()
                self.proved_at = question.asked_at
                in_time = in_time or not question.is_late
                if type(reply) is not ErrorReply or not self._owner.refused(question, reply):
                    question.answer(reply)
        except (hiredis.ProtocolError, IndexError) as error:
            self.end(f"what came is no reply: {error}")
        if in_time:
            self._owner.answered()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail whoever waits."""
        self.end(f"the connection was lost: {error or 'closed by Valkey'}")

    def end(self, why: str) -> None:
        """Close the connection, and fail whoever waits; a second time does nothing."""
        if self._has_ended:
            return
        self._has_ended = True
        if self._transport is not None:
            self._transport.abort()
        self._owner.lost(self)
        asked = [*self._pending, *self._questions]
        self._pending.clear()
        self._questions.clear()
        for question in asked:
            question.answer(ConnectionError(why))

    def give_up(self, now: float) -> tuple[bool, float]:
        """Tell those whose time is over; answers whether there were any, and when to look again."""
        is_any, next_at = False, inf
        for question in chain(self._pending, self._questions):
            if question.deadline <= now:
                is_any = True
                question.give_up()
            next_at = min(next_at, question.deadline)
        if not self._pending:
            return is_any, next_at
        deaf_at = self._pending[0].asked_at + DEAF_S
        if deaf_at <= now:
            self.end(f"Valkey left a question without an answer for {DEAF_S} s")
            return True, inf
        return is_any, min(next_at, deaf_at)
