"""Drives a service as the visitors did: many at once, each in its own order."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, TypeVar

import msgspec

from app.kit.clock import rfc3339_of
from loadtests.answers import read_decided, read_taken
from loadtests.connection import Answer, Connection, UnansweredError
from loadtests.service import ServiceError, Target
from loadtests.steps import Step
from loadtests.tally import Tally

# How many steps a lane may lie behind before the others wait for it: keeps all of them near one instant.
LANE_STEPS = 50
REVISION_WITHIN_S = 20

_Read = TypeVar("_Read")


class Driver:
    """Walks through steps in the order of time, `concurrency` visitors at once."""

    def __init__(self, target: Target, tally: Tally, concurrency: int) -> None:
        self._target = target
        self._tally = tally
        self._concurrency = concurrency
        self._events = target.head("POST", "/events", target.public_key)
        self._decide = target.head("POST", "/decide", target.secret_key)

    async def drive(self, steps: Sequence[Step], revision: int) -> float:
        """Send every step's requests once `revision` is in force; answers the seconds that it took.

        A visitor's requests all go through one lane, one after the other.
        """
        connections = [self._target.connection() for _ in range(self._concurrency)]
        try:
            await asyncio.gather(*(self._await_revision(lane, revision) for lane in connections))
            started = perf_counter()
            await self._walk_lanes(steps, connections)
            return perf_counter() - started
        finally:
            await asyncio.gather(*(lane.close() for lane in connections))

    async def _walk_lanes(self, steps: Sequence[Step], connections: Sequence[Connection]) -> None:
        lanes: list[asyncio.Queue[Step | None]] = [asyncio.Queue(LANE_STEPS) for _ in connections]
        lane_of: dict[str, int] = {}
        async with asyncio.TaskGroup() as walking:
            for lane, connection in zip(lanes, connections, strict=True):
                walking.create_task(self._walk(lane, connection))
            for step in steps:
                # Visitors take the lanes in turn, so that each lane has as many.
                turn = lane_of.setdefault(step.visitor, len(lane_of) % len(lanes))
                await lanes[turn].put(step)
            for lane in lanes:
                await lane.put(None)

    async def _walk(self, lane: asyncio.Queue[Step | None], connection: Connection) -> None:
        while (step := await lane.get()) is not None:
            answer = await self._send(connection, "/events", self._events, event_body(step))
            taken = self._read("/events", step, answer, read_taken)
            if taken is not None and taken.accepted + taken.duplicate == 1:
                self._tally.taken(step, taken)
            elif taken is not None:
                self._tally.fail("/events", f"{step.id}: neither accepted nor known before: {taken}")
            if step.placements:
                answer = await self._send(connection, "/decide", self._decide, decide_body(step))
                decided = self._read("/decide", step, answer, read_decided)
                if decided is not None:
                    self._tally.decided(step, decided)

    async def _send(self, connection: Connection, path: str, head: bytes, body: bytes) -> Answer | str:
        """Send and measure one request; answers what went wrong where nothing came back."""
        started = perf_counter()
        try:
            return await connection.send(head, body)
        except UnansweredError as error:
            return str(error)
        finally:
            self._tally.latencies_s[path].append(perf_counter() - started)

    def _read(
        self, path: str, step: Step, answer: Answer | str, read: Callable[[bytes], _Read]
    ) -> _Read | None:
        """Read an answer; None for a failed request, which is counted."""
        if isinstance(answer, str):
            self._tally.fail(path, f"{step.id}: {answer}")
            return None
        try:
            if answer.ok:
                return read(answer.body)
        except msgspec.DecodeError as error:
            self._tally.fail(path, f"{step.id}: an answer of another shape: {error}")
            return None
        self._tally.fail(path, f"{step.id}: {answer.status} {answer.body[:200].decode(errors='replace')}")
        return None

    async def _await_revision(self, connection: Connection, revision: int) -> None:
        """Wait until the worker at the other end of this connection has taken up what was published."""
        seen: object = None
        try:
            async with asyncio.timeout(REVISION_WITHIN_S):
                while True:
                    seen = await self._revision_at(connection)
                    if seen == revision:
                        return
                    await asyncio.sleep(0.05)
        except (TimeoutError, UnansweredError, msgspec.DecodeError) as error:
            why = f"{type(error).__name__} {error}, seen last: {seen}"
            raise ServiceError(f"revision {revision} is not in force at a worker: {why}") from error

    async def _revision_at(self, connection: Connection) -> int | str | None:
        answer = await connection.send(self._decide, msgspec.json.encode(_PROBE))
        if not answer.ok:
            return f"{answer.status} {answer.body[:200].decode(errors='replace')}"
        return read_decided(answer.body).revision


# Somebody who consents to nothing is taken into no experiment, so asking leaves no trace.
_PROBE = {
    "visitor": {"id": "replay-probe"},
    "placements": ["home.hero"],
    "consent": {"personalization": False, "analytics": False},
}


def event_body(step: Step) -> bytes:
    """Write a step as `/events` takes it, at its own instant."""
    at = rfc3339_of(step.at_ms)
    event = {"id": step.id, "name": step.name, "properties": step.properties, "at": at}
    return msgspec.json.encode({"visitor": {"id": step.visitor}, "events": [event]})


def decide_body(step: Step) -> bytes:
    """Ask `/decide` for the page that follows a step, as of the step's instant."""
    asked: dict[str, Any] = {
        "visitor": {"id": step.visitor},
        "placements": step.placements,
        "context": step.context,
        "at": rfc3339_of(step.at_ms),
    }
    return msgspec.json.encode(asked)
