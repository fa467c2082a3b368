"""200 experiments with arms that are alike, through the real service: `make calibrate-http`."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from time import monotonic, perf_counter
from typing import Any

import asyncpg
import msgspec
import uvloop

from loadtests.alike_figures import Answered, Found, figures_of, miscounted, read_found
from loadtests.alike_site import EXPERIMENTS, KEYS, PLACEMENTS, VISITORS, Visit, alike_site, visits
from loadtests.answers import Decided, read_decided, read_taken
from loadtests.connection import Connection
from loadtests.progress import progress
from loadtests.reconcile import open_database
from loadtests.service import ServiceError, Target, own_service
from loadtests.site_admin import SiteAdmin

AT_ONCE = 16
# How often a visitor comes while the service is too busy to know it.
PAGES = 60
# How long nothing may move while records are shipped and units counted.
STUCK_S = 600
LOOK_EVERY_S = 0.5

_STORED = "SELECT (SELECT count(*) FROM assignments), (SELECT count(*) FROM events)"
_MARKED = "SELECT count(*), coalesce(max(id), 0) FROM recount_marks"


class Visiting:
    """Sends what the visitors ask and do, and remembers what they were answered."""

    def __init__(self, target: Target, now: datetime) -> None:
        self.answered = Answered()
        self.done = self.orders = self.again = 0
        self._target = target
        # Windows of a day are closed by now, so that all units are complete.
        self._decided_at = now - timedelta(days=4)
        self._decide = target.head("POST", "/decide", target.secret_key)
        self._events = target.head("POST", "/events", target.public_key)

    @property
    def assignments(self) -> int:
        """How many assignments were answered."""
        return self.answered.units.total()

    async def all(self, everybody: Iterable[Visit]) -> None:
        """Let everybody visit, some at once."""
        waiting = iter(everybody)
        connections = [self._target.connection() for _ in range(AT_ONCE)]
        await asyncio.gather(*(self._visit(connection, waiting) for connection in connections))
        await asyncio.gather(*(connection.close() for connection in connections))

    async def until_in_force(self, revision: int) -> None:
        """Wait until the worker decides by what was published."""
        connection, deadline = self._target.connection(), monotonic() + STUCK_S
        probe = Visit("probe", ())
        while (await self._decided(connection, probe, analytics=False)).revision != revision:
            if monotonic() > deadline:
                raise ServiceError(f"revision {revision} did not come into force")
            await asyncio.sleep(LOOK_EVERY_S)
        await connection.close()

    async def _visit(self, connection: Connection, waiting: Iterable[Visit]) -> None:
        for visit in waiting:
            decided = await self._taken_in(connection, visit)
            for given in decided.assignments:
                self.answered.units[given.experiment, given.arm] += 1
                self.answered.orders[given.experiment, given.arm] += visit.converts
            if visit.orders_h:
                await self._order(connection, visit)
            self.done += 1

    async def _taken_in(self, connection: Connection, visit: Visit) -> Decided:
        """Load the page until the visitor is in: who is met without a profile at hand starts nothing."""
        for _ in range(PAGES):
            decided = await self._decided(connection, visit)
            if len(decided.assignments) == len(PLACEMENTS):
                return decided
            if decided.assignments or not decided.degraded:
                break
            self.again += 1
            await asyncio.sleep(LOOK_EVERY_S)
        raise ServiceError(f"{visit.visitor}: {decided.assignments}, degraded: {decided.degraded}")

    async def _decided(self, connection: Connection, visit: Visit, *, analytics: bool = True) -> Decided:
        asked = {
            "visitor": {"id": visit.visitor},
            "placements": PLACEMENTS,
            "at": self._decided_at,
            "consent": {"personalization": analytics, "analytics": analytics},
        }
        return read_decided(await _send(connection, self._decide, asked))

    async def _order(self, connection: Connection, visit: Visit) -> None:
        events = [
            {
                "id": f"{visit.visitor}:{hours}",
                "name": "order_completed",
                "at": self._decided_at + timedelta(hours=hours),
            }
            for hours in visit.orders_h
        ]
        taken = read_taken(
            await _send(connection, self._events, {"visitor": {"id": visit.visitor}, "events": events})
        )
        if taken.accepted != len(events):
            raise ServiceError(f"{visit.visitor}: {taken} of {len(events)} events")
        self.orders += len(events)


async def _send(connection: Connection, head: bytes, document: dict[str, Any]) -> bytes:
    answer = await connection.send(head, msgspec.json.encode(document))
    if not answer.ok:
        raise ServiceError(f"{answer.status} {answer.body.decode(errors='replace')}")
    return answer.body


async def counted(database: asyncpg.Connection, visiting: Visiting) -> None:
    """Wait until everything answered is stored, and nobody is marked to be counted any more."""

    async def stored() -> tuple[object, bool]:
        found = tuple(*await database.fetch(_STORED))
        return found, found == (visiting.assignments, visiting.orders)

    async def unmarked() -> tuple[object, bool]:
        left = tuple(*await database.fetch(_MARKED))
        return left, not left[0]

    await _until("stored", stored)
    await _until("counted", unmarked)


async def _until(what: str, look: Callable[[], Awaitable[tuple[object, bool]]]) -> None:
    """Look until it is so; give up where nothing has moved for long."""
    seen, is_so = await look()
    moved = monotonic()
    while not is_so:
        await asyncio.sleep(LOOK_EVERY_S)
        before = seen
        seen, is_so = await look()
        moved = monotonic() if seen != before else moved
        if monotonic() - moved > STUCK_S:
            raise ServiceError(f"not all is {what}: {seen}")


async def calibrate(seed: int, visitors: int) -> int:
    """Send everybody, wait, and hold all results against chance; answers how many lines are wrong."""
    async with own_service(workers=1) as target:
        admin, started = SiteAdmin(target), perf_counter()
        visiting = Visiting(target, datetime.now(UTC))
        await visiting.until_in_force(await admin.publish(alike_site(visitors // 4)))
        async with progress(lambda: f"{visiting.done:,} of {visitors:,} visitors"):
            await visiting.all(visits(visitors, seed))
        _tell(
            f"{visitors:,} visitors, {visiting.assignments:,} assignments, {visiting.again} came again",
            started,
        )
        database = await open_database(target.database_url)
        await counted(database, visiting)
        await database.close()
        _tell("stored and counted", started)
        found = {key: read_found(await admin.raw_results(key)) for key in KEYS}
        await admin.close()
        _tell(f"{EXPERIMENTS} results read", started)
    return judged(visiting.answered, found)


def judged(answered: Answered, found: dict[str, Found]) -> int:
    """Print figures with their bands, and every experiment that is miscounted; answers how many are wrong."""
    wrong = [*miscounted(answered, found)]
    print("\n".join(wrong) or f"all {answered.units.total():,} units are counted once, in their arms")
    figures = [*figures_of([*found.values()])]
    for figure in figures:
        print(figure)
    return len(wrong) + sum(not figure.holds for figure in figures)


def _tell(what: str, started: float) -> None:
    print(f"{perf_counter() - started:6.1f} s  {what}", flush=True)


def main() -> int:
    """Run it; 1 where something is miscounted or leaves its band."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="other visitors")
    parser.add_argument("--visitors", type=int, default=VISITORS)
    said = parser.parse_args()
    try:
        return int(uvloop.run(calibrate(said.seed, said.visitors)) > 0)
    except (ServiceError, OSError) as error:
        print(f"calibrate-http: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
