"""What the service has stored, read behind its back while it runs or after it has ended."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import asyncpg
import msgspec
from redis.asyncio import Redis

from app.embedded.place import POSTGRES_PORT, Place
from app.journal.streams import list_streams
from app.reporting.reporter import Reporter
from app.rulesets.live import LiveRulesets
from app.rulesets.loader import RulesetLoader
from loadtests.reconcile import Comparison, Store, compare_events
from tests.faults.ledger import Ledger
from tests.faults.profiles import Compared, Copies

WITHIN_S = 60.0
HEALED_WITHIN_S = 15.0
COUNTED_WITHIN_S = 30.0
_POSITIONS = "SELECT stream, segment, position FROM journal_positions"
# As rows to be joined: a list of half a million ids takes PostgreSQL gigabytes to plan with.
_OFFERED = "SELECT id FROM events JOIN unnest($1::text[]) AS offered (id) USING (id)"
_SITE = "SELECT id FROM sites ORDER BY id LIMIT 1"


class Outcome(msgspec.Struct):
    """What became of everything that a ledger says was answered."""

    events: Comparison
    assignments: Comparison
    doubled_offers: int
    profiles: Compared
    # Experiments whose sums are not those of the raw rows.
    results_differ: list[str] = []

    @property
    def missing(self) -> int:
        """How much of what was answered is not stored."""
        return self.events.missing + self.assignments.missing + self.assignments.different

    @property
    def doubled(self) -> int:
        """How much is stored more than once, be it answered or only asked."""
        return self.doubled_offers + self.assignments.doubled + self.assignments.surplus


class Stores:
    """Both stores of a service."""

    def __init__(
        self, journal_dir: Path, connection: asyncpg.Connection, pool: asyncpg.Pool, redis: Redis
    ) -> None:
        self._journal_dir = journal_dir
        self._connection = connection
        self._pool = pool
        self._redis = redis

    async def outcome(self, ledger: Ledger) -> Outcome:
        """Compare a ledger with what is stored, once the journal is shipped or has had a minute for it.

        Cached profiles have some seconds more, in which the shipper puts right what was lost on the way.
        """
        await self._shipped()
        store = Store(self._connection)
        rows = await self._connection.fetch(_OFFERED, list(ledger.offered))
        ids = [row["id"] for row in rows]
        return Outcome(
            events=compare_events(ledger.accepted, ids),
            assignments=await store.assignments(ledger.assigned),
            doubled_offers=len(ids) - len(set(ids)),
            profiles=await self._healed(ledger.visitors),
            results_differ=await self._counted(),
        )

    async def _counted(self) -> list[str]:
        """Wait until whoever is marked is counted; tell which results differ from a recount after that."""
        reporter, deadline = Reporter(self._pool), monotonic() + COUNTED_WITHIN_S
        differing = await reporter.differing()
        while differing and monotonic() < deadline:
            await asyncio.sleep(1)
            differing = await reporter.differing()
        return differing

    async def _healed(self, visitors: Collection[str]) -> Compared:
        compared = await self._profiles(visitors)
        # Folding all that a long load has stored takes its time too, and healing has its own.
        deadline = monotonic() + HEALED_WITHIN_S
        while not compared.equal and monotonic() < deadline:
            await asyncio.sleep(1)
            compared = await self._profiles(visitors)
        return compared

    async def _profiles(self, visitors: Collection[str]) -> Compared:
        live = LiveRulesets()
        await RulesetLoader(self._pool, live).load()
        site = await self._connection.fetchval(_SITE)
        return await Copies(self._connection, self._redis, site, live.ruleset_of(site)).compare(visitors)

    async def _shipped(self) -> bool:
        deadline = monotonic() + WITHIN_S
        while not await self._nothing_is_left():
            if monotonic() > deadline:
                return False
            await asyncio.sleep(0.1)
        return True

    async def _nothing_is_left(self) -> bool:
        streams = await asyncio.to_thread(list_streams, self._journal_dir)
        rows = await self._connection.fetch(_POSITIONS)
        stored = {row["stream"]: (row["segment"], row["position"]) for row in rows}
        return all(
            (segment.number, segment.size) <= stored.get(stream.folder.name, (0, 0))
            for stream in streams
            for segment in stream.segments
        )


@asynccontextmanager
async def opened_stores(place: Place) -> AsyncIterator[Stores]:
    """Open both stores of a place whose servers run."""
    redis = Redis(unix_socket_path=str(place.valkey.socket))
    dsn = f"postgresql://postgres@/signpost?host={place.sockets}&port={POSTGRES_PORT}"
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
            yield Stores(place.root / "journal", connection, pool, redis)
    finally:
        await connection.close()
        await redis.aclose()
