"""An open model: requests at fixed instants, however long answers take; a process of its own."""

import argparse
import asyncio
import gc
import os
import sys
from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from time import perf_counter
from typing import Any

import msgspec
import uvloop

from loadtests.speed.asking import HOT
from loadtests.speed.pages import decide_body, request
from loadtests.speed.ticks import Ticks

CONNECTIONS = 64
# What first connections and requests cost is no latency at a rate; so long they count for nothing.
WARM_UP_S = 0.5
# How long answers may take to come in once all is sent.
_LAST_ANSWERS_S = 10


class Latencies(msgspec.Struct, frozen=True):
    """What came of a run. Latencies are in µs from the instant at which a request should have been sent.

    `late_us` is by how much requests were sent too late, at the 99th percentile. `unsent` were never sent
    since all connections were busy; they count as answered at the end, when they were not.
    """

    answered: int
    wrong: int
    unsent: int
    per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    late_us: float


class Load:
    """Requests at a rate for so long, over connections that each wait for their answer.

    What should have been sent in the first `warm_up_s` counts for nothing.
    """

    def __init__(self, requests: list[bytes], rate: float, seconds: float, warm_up_s: float = 0) -> None:
        self.free: deque[Line] = deque()
        self.latencies, self.lateness = array("d"), array("d")
        self.wrong = 0
        self._requests = requests
        self._step_ns, self._total = round(1e9 / rate), int(rate * seconds)
        self._sent, self._due, self._seconds = 0, 0, seconds
        self._uncounted = int(rate * warm_up_s)
        self._start = 0.0
        self._over = asyncio.Event()

    async def run(self) -> Latencies:
        """Send everything, and wait for the answers."""
        loop, lines = asyncio.get_running_loop(), len(self.free)
        self._start = perf_counter()
        with closing(Ticks(self._step_ns)) as ticks:
            loop.add_reader(ticks.fd, self._tick, ticks)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._seconds)
            loop.remove_reader(ticks.fd)
        took_s = perf_counter() - self._start
        # Nothing more is sent, whoever gets free.
        self._due = self._sent
        async with asyncio.timeout(_LAST_ANSWERS_S):
            while len(self.free) < lines:  # noqa: ASYNC110 - twice a run is no reason for an event per answer
                await asyncio.sleep(0.01)
        return self._told(took_s)

    def answered(self, line: "Line", number: int, latency: float) -> None:
        """Take an answer, and have a line that is free for whatever had to wait for one."""
        if number >= self._uncounted:
            self.latencies.append(latency)
        self.free.append(line)
        self._send_due()

    def take_wrong(self, said: bytes) -> None:
        """Count an answer that is not what it should be, and show the first of them."""
        self.wrong += 1
        if self.wrong == 1:
            print(said.decode(errors="replace"), file=sys.stderr)

    def _tick(self, ticks: Ticks) -> None:
        self._due = min(self._total, self._due + ticks.taken())
        self._send_due()

    def _send_due(self) -> None:
        while self._sent < self._due and self.free:
            at = self._start + self._sent * self._step_ns / 1e9
            self.free.popleft().send(self._requests[self._sent % len(self._requests)], self._sent, at)
            if self._sent >= self._uncounted:
                self.lateness.append(perf_counter() - at)
            self._sent += 1
        if self._sent == self._total:
            self._over.set()

    def _told(self, took_s: float) -> Latencies:
        waiting = [took_s - number * self._step_ns / 1e9 for number in range(self._sent, self._total)]
        found, late = sorted([*self.latencies, *waiting]), sorted(self.lateness)
        p50, p99, p999 = (quantile(found, share) * 1e6 for share in (0.5, 0.99, 0.999))
        late_us = quantile(late, 0.99) * 1e6
        rate = self._sent / took_s
        return Latencies(self._sent, self.wrong, len(waiting), rate, p50, p99, p999, late_us)


class Line(asyncio.Protocol):
    """One connection, free or waiting for one answer."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._number, self._intended = 0, 0.0
        self._said = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be free."""
        self._transport = transport
        self._load.free.append(self)

    def send(self, data: bytes, number: int, intended: float) -> None:
        """Send a request that should have been sent at an instant."""
        self._number, self._intended = number, intended
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Take an answer, whole with its last brace: what is asked here is answered with one JSON object."""
        self._said += data
        if data.endswith(b"}"):
            latency = perf_counter() - self._intended
            if not (self._said.startswith(b"HTTP/1.1 200 ") and is_right(self._said)):
                self._load.take_wrong(self._said)
            self._said = b""
            self._load.answered(self, self._number, latency)


def is_right(said: bytes) -> bool:
    """Whether an answer is the bare app's, or a decision for one who is known, with everything at hand."""
    return said.endswith(b'x"}') or (b'"reason":"experiment"' in said and said.endswith(b'"degraded":[]}'))


def quantile(ascending: list[float], share: float) -> float:
    """Read the value that a share of all does not exceed; NaN of none."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))] if ascending else float("nan")


@contextmanager
def coming_first() -> Iterator[None]:
    """Run as soon as there is something to do, whoever else has the core.

    PostgreSQL and the shipper would keep even a process of a higher priority waiting for 4 ms at a time. Only
    root may come first; for others the lateness says how much they had to wait.
    """
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


async def generate(port: int, key: str, rate: float, seconds: float) -> Latencies:
    """Open the connections, run the load and tell what came of it."""
    requests = [request("/decide", key, number, decide_body(number)) for number in range(HOT)]
    load = Load(requests, rate, WARM_UP_S + seconds, WARM_UP_S)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Line(load), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    gc.disable()
    with coming_first():
        told = await load.run()
    for transport, _ in opened:
        transport.close()
    return told


def main() -> int:
    """Run once; the figures go to the output as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("key")
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    told = uvloop.run(generate(options.port, options.key, options.rate, options.seconds))
    # Where nothing counted figures are NaN, which JSON does not know.
    sys.stdout.buffer.write(msgspec.msgpack.encode(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
