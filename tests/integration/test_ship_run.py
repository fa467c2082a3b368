"""The shipper as a process runs it: always, through every outage, until told to stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.embedded.servers import Servers
from app.journal import ship
from app.journal.ship import Shipper
from tests.integration.ship_cases import LOST, Case, Outage, Wire, die, fail, ids_of, until
from tests.unit.journal.journalled import new_events


@asynccontextmanager
async def running(shipper: Shipper) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(shipper.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await task


async def arrived(case: Case, records: int) -> None:
    async def are_there() -> bool:
        return len(await case.events()) == records

    await until(are_there)


async def test_what_is_appended_arrives_while_it_runs(case: Case) -> None:
    journal = case.new_journal()
    async with running(case.shipper):
        for so_far in (2, 4):
            await journal.append(new_events(case.site, 2))
            await arrived(case, so_far)


async def test_what_is_left_arrives_after_the_stop(case: Case) -> None:
    journal, sent = case.new_journal(), new_events(case.site, 2)
    async with running(case.shipper) as stop:
        await journal.append(sent)
        stop.set()
    assert await case.events() == ids_of(sent)


@pytest.mark.parametrize("outage", [die, fail])
async def test_an_outage_ends_nothing_and_loses_nothing(case: Case, outage: Outage) -> None:
    sent = new_events(case.site, 2)
    await case.new_journal().append(sent)
    case.fold.next_time(outage)
    case.fold.next_time(outage)
    async with running(case.shipper):
        await arrived(case, 2)
    assert case.fold.records == sent


async def test_partitions_that_are_missing_are_made(case: Case) -> None:
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"
    [*_, last, _default] = made = [row[0] for row in await case.pool.fetch(query)]
    await case.pool.execute(f"DROP TABLE {last}")

    async def are_there() -> bool:
        return [row[0] for row in await case.pool.fetch(query)] == made

    async with running(case.shipper):
        await until(are_there)


@asynccontextmanager
async def locked(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Keep everybody from storing events."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE event_ids IN ACCESS EXCLUSIVE MODE")
        yield


async def test_nobodys_lock_is_waited_for_longer_than_patience_lasts(case: Case) -> None:
    await case.new_journal().append(new_events(case.site, 2))
    # The connection itself is cut after twice as long, which a busy machine must not come to.
    shipper = case.new_shipper(patience_s=1)
    async with locked(case.pool):
        with pytest.raises(asyncpg.QueryCanceledError):
            await shipper.ship_once()
    assert await shipper.ship_once() == 2


async def test_a_server_that_says_nothing_any_more_is_given_up(case: Case, servers: Servers) -> None:
    sent = new_events(case.site, 2)
    await case.new_journal().append(sent)
    wire = Wire(servers.database_url, "silence")
    async with wire.pool() as pool:
        shipper = case.new_shipper(pool, patience_s=0.1)
        async with asyncio.timeout(20) as limit:
            # Where the machine is slow, patience may end before it comes to that.
            while not wire.has_failed:
                with pytest.raises(LOST):
                    await shipper.ship_once()
        assert not limit.expired()
        # With more patience: on a machine that others use too, all of it may take a tenth of a second.
        assert await case.new_shipper(pool).ship_once() == 2
    assert await case.events() == ids_of(sent)


async def test_a_stop_does_not_wait_for_a_server_that_hangs(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "LAST_S", 0.1)
    await case.new_journal().append(new_events(case.site, 2))

    async def somebody_waits() -> bool:
        query = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'event_ids'::regclass AND NOT granted)"
        return bool(await case.pool.fetchval(query))

    async with locked(case.pool):
        async with running(case.shipper):
            await until(somebody_waits)
        assert await case.events() == []
    assert await case.new_shipper().ship_once() == 2
