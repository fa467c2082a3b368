"""How fast the journal is shipped, beside a plain COPY of the same rows, and how late a record arrives."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import NamedTuple

import asyncpg

from app.embedded.servers import start
from app.engine.records import Event, Record
from app.engine.ruleset import Ruleset
from app.journal.append import FileJournal
from app.journal.frames import encode_frame
from app.journal.rows import ASSIGNMENTS, DECISIONS, EVENTS, Kind
from app.journal.ship import BATCH_RECORDS, Shipper
from app.journal.store import Fold
from app.journal.streams import make_segment, make_stream
from app.kit.clock import now
from app.profiles.durable import DurableProfiles
from app.storage.migrate import migrate
from app.storage.postgres import dsn_of
from loadtests.page_records import demo_ruleset, events_of, page_records

ROUNDS, LOADS, VISITORS = 7, 10_000, 2_000
KINDS = (EVENTS, ASSIGNMENTS, DECISIONS)
_EMPTY = "TRUNCATE events, event_ids, assignments, decisions, stage_moves"
# The steady load under which lag is measured, and how many records are followed.
TICK_S, LOADS_PER_TICK, FOLLOWED = 0.01, 5, 200
_ARRIVED = "SELECT true FROM event_ids WHERE site_id = $1 AND key = $2"

Rows = dict[Kind, list[tuple[object, ...]]]


class Nothing:
    """A fold of nothing: what remains are the rows and their ids."""

    async def settled(
        self, _: asyncpg.Connection, records: Sequence[Record], _said: Sequence[Record]
    ) -> Sequence[Record]:
        """Leave the records as they are: none of them is unheard."""
        return records

    async def fold_in(
        self, _: asyncpg.Connection, _records: Sequence[Record], store: Callable[[], Awaitable[None]]
    ) -> None:
        """Store the records and do no more."""
        await store()


class Took(NamedTuple):
    """How long a way took, and the CPU of this process in that time."""

    wall_s: float
    cpu_s: float


class Bench:
    """The same records on each way, each time into empty tables; profiles stay, as visitors come back."""

    def __init__(self, folder: Path, pool: asyncpg.Pool, ruleset: Ruleset, records: Sequence[Record]) -> None:
        self._folder = folder
        self._pool = pool
        self._data = b"".join(map(encode_frame, records))
        self.records = len(records)
        self._durable = DurableProfiles(pool, lambda _: ruleset)
        self._rows: Rows = {}

    async def measure(self) -> dict[str, Took]:
        """Take the fastest of several interleaved rounds of each way."""
        await self._shipped(self._durable)
        for kind in KINDS:
            found = await self._pool.fetch(f"SELECT {', '.join(kind.columns)} FROM {kind.table}")  # noqa: S608 - names of ours
            self._rows[kind] = [tuple(row) for row in found]
        ways: dict[str, Callable[[], Awaitable[Took]]] = {
            "plain COPY": self._copied,
            "shipped, without profiles": lambda: self._shipped(Nothing()),
            "shipped": lambda: self._shipped(self._durable),
        }
        # A shipper of its own holds no such heap, which the collector would search again and again.
        gc.collect()
        gc.freeze()
        best = dict.fromkeys(ways, Took(float("inf"), 0.0))
        for _ in range(ROUNDS):
            for name, way in ways.items():
                best[name] = min(best[name], await way())
        return best

    async def _emptied(self) -> None:
        await self._pool.execute(_EMPTY)
        await self._pool.execute("CHECKPOINT")

    async def _copied(self) -> Took:
        """Copy the rows, ready as tuples, in as many transactions as the shipper uses."""
        await self._emptied()
        start, cpu = perf_counter(), process_time()
        batches = -(-self.records // BATCH_RECORDS)
        async with self._pool.acquire() as connection:
            for number in range(batches):
                async with connection.transaction():
                    for kind, rows in self._rows.items():
                        size = -(-len(rows) // batches)
                        own = rows[number * size : (number + 1) * size]
                        await connection.copy_records_to_table(kind.table, records=own, columns=kind.columns)
        return Took(perf_counter() - start, process_time() - cpu)

    async def _shipped(self, fold: Fold) -> Took:
        await self._emptied()
        folder, lock = make_stream(self._folder)
        segment = make_segment(folder, 1)
        os.write(segment, self._data)
        for file in (segment, lock):
            os.close(file)
        shipper = Shipper(self._folder, self._pool, fold)
        start, cpu = perf_counter(), process_time()
        shipped = await shipper.ship_once()
        took = Took(perf_counter() - start, process_time() - cpu)
        if shipped != self.records:
            raise RuntimeError(f"{shipped} of {self.records} records were shipped")
        return took


def print_rates(title: str, bench: Bench, best: dict[str, Took]) -> None:
    """Write the table of one kind of load."""
    plain = best["plain COPY"].wall_s
    print(f"| {title} | rows/s | to plain COPY | own CPU µs per row |\n|---|---|---|---|")
    for name, took in best.items():
        rate, cpu_us = bench.records / took.wall_s, took.cpu_s / bench.records * 1e6
        print(f"| {name} | {rate:,.0f} | {plain / took.wall_s:.2f} | {cpu_us:.1f} |")
    print()


async def lag_ms(folder: Path, pool: asyncpg.Pool, ruleset: Ruleset) -> list[float]:
    """Follow single events from their append to the row that others see, under a steady load."""
    records = await page_records(ruleset, 10_000, VISITORS, now())
    per_tick = len(records) * LOADS_PER_TICK // 10_000
    stop, waits = asyncio.Event(), []
    with closing(FileJournal(folder)) as journal:
        shipping = asyncio.create_task(
            Shipper(folder, pool, DurableProfiles(pool, lambda _: ruleset)).run(stop)
        )
        for number in range(FOLLOWED):
            batch = records[number * per_tick : (number + 1) * per_tick]
            await journal.append(batch)
            followed = next(record for record in batch if isinstance(record, Event))
            start = perf_counter()
            _, *known_by = EVENTS.key_of(followed)
            while not await pool.fetchval(_ARRIVED, *known_by):  # noqa: ASYNC110 - the server sets no event of ours
                await asyncio.sleep(0.001)
            waits.append((perf_counter() - start) * 1_000)
            await asyncio.sleep(max(0.0, TICK_S - waits[-1] / 1_000))
        stop.set()
        await shipping
    return waits


async def bench_shipping(folder: Path) -> None:
    """Measure and print the rates for two kinds of load, then the lag."""
    servers = start(folder / "data")
    try:
        await asyncio.to_thread(migrate, servers.database_url)
        async with asyncpg.create_pool(dsn_of(servers.database_url), min_size=1) as pool:
            ruleset = demo_ruleset()
            records = await page_records(ruleset, LOADS, VISITORS, now())
            for title, load in (("page loads", records), ("events alone", events_of(records))):
                bench = Bench(folder / "journal", pool, ruleset, load)
                print_rates(f"{len(load):,} records, {title}", bench, await bench.measure())
            waits = await lag_ms(folder / "steady", pool, ruleset)
            late = quantiles(waits, n=20)[18]
            figures = f"median {median(waits):.0f} ms, p95 {late:.0f} ms, max {max(waits):.0f} ms"
            print(f"From append to row: {figures}")
    finally:
        servers.close()
