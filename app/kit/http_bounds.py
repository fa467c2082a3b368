"""How much and for how long the clients of one worker may keep it waiting."""

import asyncio
from collections.abc import Callable, Sized
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

SWEEP_S = 1.0


@dataclass(frozen=True)
class Limits:
    """What a client may ask of a worker. Seconds are counted once a second, so each may last one longer."""

    connections: int = 20_000
    fields: int = 100
    # The request line and all headers of a request.
    head_bytes: int = 32 * 1_024
    body_bytes: int = 32 * 1_024 * 1_024
    # Until the first byte of a connection, until the end of a head, and until the end of a body.
    fresh_s: int = 10
    head_s: int = 10
    body_s: int = 20
    # A body that grew by so much meanwhile may go on, and an answer of which so much was read: they are
    # large, and not slow.
    step_bytes: int = 256 * 1_024
    # Longer than the 60 s after which usual proxies close what they do not use: they know when they are about
    # to send something, and we do not.
    keep_alive_s: int = 75
    # For whoever does not read what we have sent.
    unread_s: int = 30
    # For whoever does not hang up after we have.
    leaving_s: int = 5
    # At shutdown, for a request that is on its way to a connection without one.
    grace_s: float = 1.0


class Connection(Protocol):
    """One client, as those see it who count the seconds."""

    def rest_is_over(self) -> None:
        """Nothing was asked."""
        ...

    def head_is_late(self) -> None:
        """A head was begun and not ended."""
        ...

    def body_is_late(self) -> None:
        """A body was begun and not ended."""
        ...

    def answer_is_late(self) -> None:
        """What was answered is not read to its end."""
        ...

    def cut(self) -> None:
        """Neither wait nor say anything any more."""
        ...


class Queue(dict[Connection, int]):
    """Who is waited for, longest first, each with the second in which that began."""

    def __init__(self, patience_s: int, over: Callable[[Connection], None]) -> None:
        super().__init__()
        self._patience_s = patience_s
        self._over = over

    @property
    def oldest(self) -> int:
        """The second in which the first of a queue that is not empty began to be waited for."""
        return next(iter(self.values()))

    def end_what_is_late(self, second: int) -> None:
        """Tell everybody whose time is over; they leave the queue then, or begin anew."""
        late = takewhile(lambda waiting: second - waiting[1] > self._patience_s, self.items())
        for connection, _ in list(late):
            self._over(connection)


class Bounds:
    """The connections of one worker: at most so many, and each in the queue of what it is waited for, if any.

    A connection costs the clock nothing: one timer goes over the queues once a second. A second in which this
    process did not run is not counted, so that nobody pays for it.
    """

    def __init__(self, limits: Limits, connections: Sized, loop: asyncio.AbstractEventLoop) -> None:
        self.limits = limits
        self.second = 0
        self.draining = False
        self.fresh = Queue(limits.fresh_s, lambda connection: connection.rest_is_over())
        self.idle = Queue(limits.keep_alive_s, lambda connection: connection.rest_is_over())
        self.head = Queue(limits.head_s, lambda connection: connection.head_is_late())
        self.body = Queue(limits.body_s, lambda connection: connection.body_is_late())
        self.unread = Queue(limits.unread_s, lambda connection: connection.answer_is_late())
        self.leaving = Queue(limits.leaving_s, lambda connection: connection.cut())
        self._connections = connections
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def admit(self) -> bool:
        """Whether there is room for one more, which comes next.

        If need be, the one that has asked nothing for longest is cut; where all have, one that is slow.
        """
        self._watch()
        if len(self._connections) < self.limits.connections:
            return True
        resting = [queue for queue in (self.idle, self.fresh) if queue]
        slow = [queue for queue in (self.head, self.body, self.unread, self.leaving) if queue]
        if not resting and not slow:
            return False
        queue = min(resting, key=lambda queue: queue.oldest) if resting else slow[0]
        next(iter(queue)).cut()
        return True

    def sweep(self) -> None:
        """Let a second pass."""
        self.second += 1
        for queue in (self.fresh, self.idle, self.head, self.body, self.unread, self.leaving):
            queue.end_what_is_late(self.second)

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(SWEEP_S, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.sweep()
        if self._connections:
            self._watch()
