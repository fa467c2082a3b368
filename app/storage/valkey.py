"""Valkey as the hot path speaks to it: one connection, made when first used and again after a fault."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any, Protocol

from app.kit.breaker import Breaker
from app.storage.address import Address
from app.storage.command import Command, packed
from app.storage.question import ErrorReply, Heard, Question
from app.storage.resp import Resp

CONNECT_S = 0.5
# What was changed anywhere is known here that much later at most, or nothing is believed.
LEASE_S = 0.045
_BEAT_S = 0.02
# The server is not asked for a sign of life for the sake of somebody who has not looked for so long.
_WATCHED_S = 1.0

_log = logging.getLogger(__name__)


class Copies(Protocol):
    """Copies of what lies under keys that begin with `prefix`, held in this process."""

    prefix: str

    def drop(self, keys: Iterable[bytes]) -> None:
        """Forget copies of keys that somebody else has written, or that are no more."""
        ...

    def clear(self) -> None:
        """Forget all copies: nobody can tell which of them are still true."""
        ...


class Valkey:
    """Sends commands. After several failures in a row `breaker` lets nobody wait for another: Resting.

    The server tells of every change of a key that `copies` may hold, on the very connection that reads go
    through, and behind every reply to what it ran before that change. So a copy that is made as a reply comes
    in either has the change in it, or is dropped when the word of the change comes in.
    """

    def __init__(
        self, redis_url: str, *, breaker: Breaker | None = None, copies: Copies | None = None
    ) -> None:
        self.is_tracked = False
        self._address = Address(redis_url)
        self._breaker = breaker or Breaker()
        self._copies = copies
        self._resp: Resp | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._look: asyncio.TimerHandle | None = None
        self._look_at = inf
        self._beat: asyncio.TimerHandle | None = None
        self._watched_at = -inf

    def ask(self, command: Command, *, within_s: float, heard: Heard | None = None) -> Question:
        """Ask at the end of this turn of the loop; raises ConnectionError where it cannot be asked at all."""
        self._breaker.admit()
        question = Question(within_s, heard)
        (self._resp or self._connect()).ask(packed(command), question)
        if question.deadline < self._look_at:
            self._look_in(within_s)
        return question

    def is_coherent(self) -> bool:
        """Tell whether all that was changed up to `LEASE_S` ago is known here."""
        self._watched_at = now = monotonic()
        if self._beat is None:
            self._beat = asyncio.get_running_loop().call_later(_BEAT_S, self._ask_for_a_sign)
        return self.is_tracked and self._resp is not None and now - self._resp.proved_at < LEASE_S

    def close(self) -> None:
        """Close the connection; whoever waits hears a ConnectionError."""
        for timer in (self._look, self._beat, self._connecting):
            if timer is not None:
                timer.cancel()
        if self._resp is not None:
            self._resp.end("closed")

    def pushed(self, message: Sequence[Any]) -> None:
        """Hear what the server says unasked."""
        if self._copies is None or message[0] != b"invalidate":
            return
        if message[1] is None:
            # Everything was flushed.
            self._copies.clear()
        else:
            self._copies.drop(message[1])

    def answered(self) -> None:
        """Hear that somebody was answered in time."""
        self._breaker.succeeded()

    def lost(self, resp: Resp) -> None:
        """Hear that the connection is no more: what is changed meanwhile will never be told."""
        if resp is self._resp:
            self._resp, self.is_tracked = None, False
            self._breaker.failed()
            if self._copies is not None:
                self._copies.clear()

    def _connect(self) -> Resp:
        self._resp = resp = Resp(self)
        self._connecting = asyncio.get_running_loop().create_task(self._open(resp))
        return resp

    async def _open(self, resp: Resp) -> None:
        greeting = self._address.greeting
        if self._copies is not None:
            # BCAST, so that the server need not remember who has read what.
            greeting.append(("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", self._copies.prefix))
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._address.connect(lambda: resp)
                replies = await resp.greet(greeting, CONNECT_S)
            self._greeted(resp, replies)
        except (OSError, TimeoutError, ErrorReply) as error:
            resp.end(f"{self._address}: {str(error) or type(error).__name__}")

    def _greeted(self, resp: Resp, replies: list[Any]) -> None:
        tracking = replies.pop() if self._copies is not None else None
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        if isinstance(tracking, Exception):
            _log.warning("%s does not tell of changes, so nothing is held here: %s", self._address, tracking)
        self.is_tracked = tracking == b"OK"
        resp.open()

    def _look_in(self, within_s: float) -> None:
        """Have somebody look for those whose time is over, once for all who are asked meanwhile."""
        if self._look is not None:
            self._look.cancel()
        self._look_at = monotonic() + within_s
        self._look = asyncio.get_running_loop().call_later(within_s, self._give_up)

    def _give_up(self) -> None:
        self._look, self._look_at = None, inf
        if self._resp is None:
            return
        now = monotonic()
        was_late, next_at = self._resp.give_up(now)
        if was_late:
            self._breaker.failed()
        if next_at < inf:
            self._look_in(next_at - now)

    def _ask_for_a_sign(self) -> None:
        """Ask for a sign of life unless there was one lately, for as long as somebody relies on it."""
        self._beat = None
        now = monotonic()
        if now - self._watched_at > _WATCHED_S:
            return
        if self._resp is not None and self.is_tracked and now - self._resp.proved_at > _BEAT_S / 2:
            with suppress(ConnectionError):
                self.ask(("PING",), within_s=LEASE_S)
        self._beat = asyncio.get_running_loop().call_later(_BEAT_S, self._ask_for_a_sign)
