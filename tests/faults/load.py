"""Visitors who come and go while faults are injected: a bounded load that writes down every answer."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from time import perf_counter
from typing import Any

import msgspec

from loadtests.answers import read_decided, read_taken
from loadtests.connection import Answer, UnansweredError
from tests.faults.ledger import Ledger
from tests.faults.line import Line
from tests.faults.service import Service
from tests.faults.site import EVENTS, PLACEMENTS

LANES = 16
VISITORS = 120
# Between two requests of a lane: some 200 requests a second in all.
PAUSE_S = 0.08
# Now and then a lane is opened anew, so that a worker that has just started gets its share.
REQUESTS_A_LINE = 40
BATCHES_KEPT = 200

Batch = tuple[str, list[dict[str, Any]]]


class Load:
    """Asks `/events` and `/decide` from several lanes at once for so many visitors, and tells the ledger."""

    def __init__(self, service: Service, ledger: Ledger, visitors: int = VISITORS) -> None:
        self.ledger = ledger
        self.sent: deque[Batch] = deque(maxlen=BATCHES_KEPT)
        # How many requests each worker has not answered yet.
        self.under_way: Counter[int] = Counter()
        self._service = service
        self._visitors = visitors
        self._again: deque[Batch] = deque()
        self._ending = False
        self._numbers = 0
        target = service.target
        self._events = target.head("POST", "/events", target.public_key)
        self._decide = target.head("POST", "/decide", target.public_key)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the load up for as long as the block lasts; what is under way then is waited for."""
        async with asyncio.TaskGroup() as lanes:
            for number in range(LANES):
                lanes.create_task(self._lane(Random(number)))  # noqa: S311 - drawing visitors is not cryptography
            try:
                yield
            finally:
                self._ending = True

    async def _lane(self, random: Random) -> None:
        line = Line(self._service.target)
        while not self._ending:
            if await self._ready(line, random):
                await self._one(line, random)
            await asyncio.sleep(PAUSE_S * (0.5 + random.random()))
        await line.close()

    async def _ready(self, line: Line, random: Random) -> bool:
        """Have the line end at a living worker."""
        if line.is_open and line.pid not in self._service.killed and random.random() > 1 / REQUESTS_A_LINE:
            return True
        await line.close()
        if self._service.is_down:
            return False
        try:
            await line.open()
        except UnansweredError as error:
            # Who took the connection is not known yet: it may be one that has just been killed.
            if "refused" in str(error) and not self._service.is_down:
                self.ledger.fail(f"connecting: {error}")
            return False
        return True

    async def _one(self, line: Line, random: Random) -> None:
        if self._again:
            await self.send_batch(line, self._again.popleft())
        elif random.random() < 0.5:
            visitor = self._visitor(random)
            await self.send_batch(line, (visitor, self._made_up(random, 1 + random.randrange(5))))
        else:
            await self._ask_page(line, random)

    async def send_batch(self, line: Line, batch: Batch) -> None:
        """Send one visitor's events; what has had no answer is sent again later, as a page would."""
        visitor, events = batch
        ids = {str(event["id"]) for event in events}
        self.ledger.visitors.add(visitor)
        self.ledger.offered |= ids
        body = msgspec.json.encode({"visitor": {"id": visitor}, "events": events})
        answer = await self._answer(line, "/events", self._events, body)
        if answer is None:
            self._again.append(batch)
        elif answer.status == 503 and answer.header("retry-after") is not None:
            self.ledger.refused += len(events)
        elif self._is_ok("/events", answer):
            taken = read_taken(answer.body)
            if taken.accepted + taken.duplicate != len(events):
                self.ledger.fail(f"/events: {taken} for {len(events)} events")
            self.ledger.accepted |= ids
            self.sent.append(batch)

    async def _ask_page(self, line: Line, random: Random) -> None:
        visitor, events = self._visitor(random), self._made_up(random, random.randrange(3))
        ids = {str(event["id"]) for event in events}
        self.ledger.visitors.add(visitor)
        self.ledger.offered |= ids
        asked = {"visitor": {"id": visitor}, "placements": PLACEMENTS, "events": events}
        answer = await self._answer(line, "/decide", self._decide, msgspec.json.encode(asked))
        if answer is None or not self._is_ok("/decide", answer):
            return
        decided = read_decided(answer.body)
        self.ledger.degraded += bool(decided.degraded)
        # A decision that could write nothing down says so, and answers all the same.
        if "journal" not in decided.degraded:
            self.ledger.accepted |= ids
        if decided.assignments:
            self.ledger.assigned[decided.decision_id] = decided.assignments

    async def _answer(self, line: Line, path: str, head: bytes, body: bytes) -> Answer | None:
        """Send one request; None where nothing came back, which counts as failed unless its worker died."""
        started, worker = perf_counter(), line.pid
        self.under_way[worker] += 1
        try:
            answer = await line.send(head, body)
        except UnansweredError as error:
            if worker in self._service.killed:
                self.ledger.cut += 1
            else:
                self.ledger.fail(f"{path} after {perf_counter() - started:.1f} s: {error}")
            return None
        finally:
            self.under_way[worker] -= 1
        self.ledger.answer(path, perf_counter() - started)
        return answer

    def _is_ok(self, path: str, answer: Answer) -> bool:
        if not answer.ok:
            self.ledger.fail(f"{path}: {answer.status} {answer.body[:200].decode(errors='replace')}")
        return answer.ok

    def _visitor(self, random: Random) -> str:
        # Squared, so that a few come often and from several lanes at once.
        return f"{self.ledger.fault}-{int(self._visitors * random.random() ** 2)}"

    def _made_up(self, random: Random, count: int) -> list[dict[str, Any]]:
        events = []
        for _ in range(count):
            self._numbers += 1
            said = {"value": random.randrange(50), "page": random.randrange(9)}
            name = EVENTS[min(2, int(3 * random.random() ** 1.5))]
            events.append(
                {"id": f"{self.ledger.fault}-e{self._numbers:07}", "name": name, "properties": said}
            )
        return events
