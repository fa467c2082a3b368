"""One server as the hot path speaks to it: a connection, made when first used and again after a fault."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any, Protocol

from app.kit.breaker import Breaker
from app.storage.address import Address
from app.storage.question import ErrorReply, Question
from app.storage.resp import DEAF_S, Resp

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


class Cluster(Protocol):
    """Who knows the other servers."""

    def sent_on(self, question: Question, error: ErrorReply, node: "Node") -> bool:
        """Send a question to where an error says that it belongs; False where it says no such thing."""
        ...

    def lost(self, node: "Node") -> None:
        """Hear that a server is away."""
        ...


class Node:
    """Sends commands. After several failures in a row nobody waits for another for a moment: Resting.

    The server tells of every change of a key that `copies` may hold, on the very connection that reads go
    through, and behind every reply to what it ran before that change. So a copy that is made as a reply comes
    in either has the change in it, or is dropped when the word of the change comes in.
    """

    def __init__(self, address: Address, copies: Copies | None, cluster: Cluster) -> None:
        self.address = address
        self.is_tracked = False
        self._breaker = Breaker()
        self._copies = copies
        self._cluster = cluster
        self._resp: Resp | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._look: asyncio.TimerHandle | None = None
        self._look_at = inf
        self._beat: asyncio.TimerHandle | None = None
        self._watched_at = -inf

    def ask(self, question: Question) -> Question:
        """Ask at the end of this turn of the loop; raises ConnectionError where it cannot be asked at all."""
        self._breaker.admit()
        (self._resp or self._connect()).ask(question)
        if question.deadline < self._look_at:
            self._look_until(min(question.deadline, question.asked_at + DEAF_S))
        return question

    def is_coherent(self) -> bool:
        """Tell whether all that was changed up to `LEASE_S` ago is known here."""
        self._watched_at = now = monotonic()
        if self._beat is None:
            self._beat = asyncio.get_running_loop().call_later(_BEAT_S, self._ask_for_a_sign)
        return self.is_tracked and self._resp is not None and now - self._resp.proved_at < LEASE_S

    def close(self) -> None:
        """Close the connection, until somebody asks again; whoever waits hears a ConnectionError."""
        for timer in (self._look, self._beat, self._connecting):
            if timer is not None:
                timer.cancel()
        self._look, self._look_at, self._beat = None, inf, None
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

    def refused(self, question: Question, error: ErrorReply) -> bool:
        """Hear of an error, and tell whether the question was sent on to somebody else."""
        if str(error).startswith("READONLY"):
            # Whoever leads now may be found at the same address.
            asyncio.get_running_loop().call_soon(self.close)
        return self._cluster.sent_on(question, error, self)

    def lost(self, resp: Resp) -> None:
        """Hear that the connection is no more: what is changed meanwhile will never be told."""
        if resp is self._resp:
            was_tracked, self.is_tracked = self.is_tracked, False
            self._resp = None
            self._breaker.failed()
            if was_tracked and self._copies is not None:
                self._copies.clear()
            self._cluster.lost(self)

    def _connect(self) -> Resp:
        self._resp = resp = Resp(self)
        self._connecting = asyncio.get_running_loop().create_task(self._open(resp))
        return resp

    async def _open(self, resp: Resp) -> None:
        greeting = self.address.greeting
        if self._copies is not None:
            # BCAST, so that the server need not remember who has read what.
            greeting.append(("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", self._copies.prefix))
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.address.connect(lambda: resp)
                replies = await resp.greet(greeting, CONNECT_S)
            self._greeted(resp, replies)
        except (OSError, TimeoutError, ErrorReply) as error:
            resp.end(f"{self.address}: {str(error) or type(error).__name__}")

    def _greeted(self, resp: Resp, replies: list[Any]) -> None:
        tracking = replies.pop() if self._copies is not None else None
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        if isinstance(tracking, Exception):
            _log.warning("%s does not tell of changes, so nothing is held here: %s", self.address, tracking)
        self.is_tracked = tracking == b"OK"
        resp.open()

    def _look_until(self, deadline: float) -> None:
        """Have somebody look then for those whose time is over, once for all who are asked meanwhile."""
        if self._look is not None:
            self._look.cancel()
        self._look_at = deadline
        self._look = asyncio.get_running_loop().call_later(deadline - monotonic(), self._give_up)

    def _give_up(self) -> None:
        self._look, self._look_at = None, inf
        if self._resp is None:
            return
        now = monotonic()
        was_late, next_at = self._resp.give_up(now)
        if was_late:
            self._breaker.failed()
        if next_at < inf:
            self._look_until(next_at)

    def _ask_for_a_sign(self) -> None:
        """Ask for a sign of life unless there was one lately, for as long as somebody relies on it."""
        self._beat = None
        now = monotonic()
        if now - self._watched_at > _WATCHED_S:
            return
        if self._resp is not None and self.is_tracked and now - self._resp.proved_at > _BEAT_S / 2:
            with suppress(ConnectionError):
                self.ask(Question(("PING",), LEASE_S))
        self._beat = asyncio.get_running_loop().call_later(_BEAT_S, self._ask_for_a_sign)
