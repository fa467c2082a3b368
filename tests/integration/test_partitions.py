import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.storage.migrate import migrate
from app.storage.partitions import ensure_partitions
from app.storage.postgres import dsn_of
from app.storage.schema import metadata
from app.storage.tables import PARTITIONED
from tests.databases import new_database

NAMES = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = $1::regclass"


@pytest_asyncio.fixture(scope="module")
async def dsn(servers: Servers) -> AsyncIterator[str]:
    async with new_database(servers.database_url) as database_url:
        await asyncio.to_thread(migrate, database_url)
        yield dsn_of(database_url)


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def store_event(connection: asyncpg.Connection, event_id: str, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO events VALUES (1, $1, 'v', 'page_viewed', '{}', $2, $2, false, false, false)",
        event_id,
        at,
    )


async def partition_of(connection: asyncpg.Connection, event_id: str) -> str:
    found: str = await connection.fetchval(
        "SELECT tableoid::regclass::text FROM events WHERE id = $1", event_id
    )
    return found


async def names(connection: asyncpg.Connection, table: str) -> set[str]:
    return {row[0] for row in await connection.fetch(NAMES, table)}


# Each test takes a year of its own, far from the days that the migration made.


async def test_the_migration_made_the_days_around_today(connection: asyncpg.Connection) -> None:
    # The migration and this test may stand on two sides of midnight.
    today = datetime.now(UTC).date()
    made = await names(connection, "events")
    assert {f"events_{today + timedelta(days=offset):%Y%m%d}" for offset in range(-89, 7)} <= made
    assert "events_default" in made


async def test_each_day_back_and_ahead_gets_a_partition(connection: asyncpg.Connection) -> None:
    before = await names(connection, "assignments")
    await ensure_partitions(connection, date(2031, 3, 1), back_days=2, ahead_days=1)
    assert await names(connection, "assignments") - before == {
        "assignments_20310227",
        "assignments_20310228",
        "assignments_20310301",
        "assignments_20310302",
    }


@pytest.mark.parametrize("table", PARTITIONED)
async def test_every_table_of_days_gets_its_partitions(connection: asyncpg.Connection, table: str) -> None:
    await ensure_partitions(connection, date(2038, 3, 10), back_days=0, ahead_days=0)
    assert f"{table}_20380310" in await names(connection, table)


def test_the_tables_of_days_are_those_described_so() -> None:
    by_day = [
        one.name for one in metadata.tables.values() if one.dialect_kwargs.get("postgresql_partition_by")
    ]
    assert list(PARTITIONED) == sorted(by_day)


async def test_a_second_time_changes_nothing(connection: asyncpg.Connection) -> None:
    await ensure_partitions(connection, date(2032, 3, 10), back_days=2)
    before = await names(connection, "events")
    await ensure_partitions(connection, date(2032, 3, 10), back_days=2)
    assert await names(connection, "events") == before


async def test_two_at_once_do_no_harm(connection: asyncpg.Connection, dsn: str) -> None:
    other = await asyncpg.connect(dsn)
    try:
        before = await names(other, "events")
        day = date(2033, 3, 10)
        await asyncio.gather(*(ensure_partitions(one, day, back_days=2) for one in (connection, other)))
        assert len(await names(other, "events") - before) == 10
    finally:
        await other.close()


async def test_rows_of_the_default_partition_move_into_their_day(connection: asyncpg.Connection) -> None:
    midnight = datetime(2034, 3, 10, tzinfo=UTC)
    await store_event(connection, "first of the day", midnight)
    await store_event(connection, "last of the day", midnight + timedelta(days=1, microseconds=-1))
    await store_event(connection, "the day after", midnight + timedelta(days=1))
    assert await partition_of(connection, "first of the day") == "events_default"
    await ensure_partitions(connection, midnight.date(), back_days=0, ahead_days=0)
    assert await partition_of(connection, "first of the day") == "events_20340310"
    assert await partition_of(connection, "last of the day") == "events_20340310"
    assert await partition_of(connection, "the day after") == "events_default"


async def test_what_comes_afterwards_goes_to_its_day_and_is_indexed(connection: asyncpg.Connection) -> None:
    await ensure_partitions(connection, date(2035, 3, 10), back_days=0, ahead_days=0)
    await store_event(connection, "noon", datetime(2035, 3, 10, 12, tzinfo=UTC))
    assert await partition_of(connection, "noon") == "events_20350310"
    indexes = await connection.fetchval("SELECT count(*) FROM pg_indexes WHERE tablename = 'events_20350310'")
    assert indexes == 2


async def test_days_begin_at_midnight_utc_whatever_the_session_thinks(connection: asyncpg.Connection) -> None:
    await connection.execute("SET timezone = 'Pacific/Auckland'")
    await ensure_partitions(connection, date(2036, 3, 10), back_days=0, ahead_days=0)
    await store_event(connection, "midnight", datetime(2036, 3, 10, tzinfo=UTC))
    await store_event(connection, "before midnight", datetime(2036, 3, 9, 23, 59, 59, tzinfo=UTC))
    assert await partition_of(connection, "midnight") == "events_20360310"
    assert await partition_of(connection, "before midnight") == "events_default"


async def test_somebody_else_holding_the_default_partition_is_not_waited_for_without_end(
    connection: asyncpg.Connection, dsn: str
) -> None:
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE assignments_default IN ACCESS SHARE MODE")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await ensure_partitions(connection, date(2037, 3, 10), back_days=0, ahead_days=0)
        await ensure_partitions(connection, date(2037, 3, 10), back_days=0, ahead_days=0)
        assert "assignments_20370310" in await names(connection, "assignments")
    finally:
        await other.close()
