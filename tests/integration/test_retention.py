"""What goes when it is older than its site keeps it, in a database where no other test loses anything."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.kit.tasks import background
from app.storage import retention
from app.storage.migrate import migrate
from app.storage.partitions import ensure_partitions
from app.storage.postgres import dsn_of
from app.storage.retention import Keeper
from tests.databases import new_database
from tests.waiting import until

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass($1)"
# Columns and values beside site, id and instant.
REST = {
    "events": (
        "visitor, name, properties, trusted, profile_only, results_only, received_at",
        "'v', 'n', '{}', false, false, false, $3",
    ),
    "assignments": (
        "experiment, unit, visitor, arm, phase, revision, first, stages, segments",
        "'e', 'v', 'v', 'a', 1, 1, true, '{}', '{}'",
    ),
    "decisions": ("visitor, revision, asked", "'v', 1, ''"),
    "stage_moves": ("visitor, journey, stage, because, revision", "'v', 'j', 's', 'w', 1"),
    "profile_changes": ("visitor, record", "'v', ''"),
    "erasures": ("visitor, erased", "'v', true"),
    "event_ids": ("", ""),
}


class Kept:
    """A database, and rows of some age in it."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.now = datetime.now(UTC)

    async def site(self, **policy: int) -> int:
        """Make a site; one with a policy has it published."""
        query = "INSERT INTO sites (key, identity_secret) VALUES ($1, '') RETURNING id"
        site: int = await self.pool.fetchval(query, uuid.uuid4().hex)
        if policy:
            await self.publish(site, 1, retention=policy)
        return site

    async def publish(self, site: int, number: int, **told: object) -> None:
        query = (
            "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, $2, $3, '', '')"
        )
        await self.pool.execute(query, site, number, json.dumps({"site": told}))

    async def row(self, site: int, table: str, days: float) -> None:
        """Store something that is so many days old, in the partition of its day."""
        at = self.now - timedelta(days=days)
        columns, values = REST[table]
        id_ = {"assignments": "decision_id"}.get(table, "id")
        instant = {"event_ids": "received_at"}.get(table, "at")
        names = ", ".join(filter(None, ["site_id", id_, instant, columns]))
        made = "$2::text" if table in {"events", "event_ids"} else "$2::text::uuid"
        places = ", ".join(filter(None, ["$1", made, "$3", values]))
        query = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - the names are this file's own
        await self.pool.execute(query, site, str(uuid.uuid4()), at)

    async def ages(self, table: str, site: int | None = None) -> list[int]:
        """Tell of what age the rows of a site are, or all of them, in days."""
        column = {"event_ids": "received_at"}.get(table, "at")
        query = f"SELECT {column} FROM {table} WHERE $1::int IS NULL OR site_id = $1"  # noqa: S608 - likewise
        return sorted((self.now - row[0]).days for row in await self.pool.fetch(query, site))

    async def day(self, days: int) -> None:
        """Make the partitions of a day that long ago."""
        day = (self.now - timedelta(days=days)).date()
        async with self.pool.acquire() as connection:
            await ensure_partitions(connection, day, back_days=0, ahead_days=0)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type

    async def has_day(self, table: str, days: int) -> bool:
        name = f"{table}_{self.now - timedelta(days=days):%Y%m%d}"
        return bool(await self.pool.fetchval(PARTITIONS, name))

    async def let_go(self, batch_rows: int = 1_000) -> None:
        await Keeper(self.pool, batch_rows=batch_rows).let_go()


@pytest_asyncio.fixture(scope="module")
async def pool(servers: Servers) -> AsyncIterator[asyncpg.Pool]:
    async with new_database(servers.database_url) as database_url:
        await asyncio.to_thread(migrate, database_url)
        async with asyncpg.create_pool(dsn_of(database_url), min_size=1, max_size=3) as opened:
            yield opened


@pytest_asyncio.fixture
async def kept(pool: asyncpg.Pool) -> Kept:
    """The database as if nobody had ever been here; revisions are immutable for all but a replica."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table in ("revisions", "sites", *REST):
            await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are this file's own
    return Kept(pool)


async def test_days_that_no_site_keeps_are_dropped(kept: Kept) -> None:
    site = await kept.site()
    for days in (398, 402, 798, 802):
        await kept.day(days)
        for table in ("events", "assignments"):
            await kept.row(site, table, days)

    await kept.let_go()

    assert [await kept.has_day("events", days) for days in (398, 402, 798, 802)] == [
        True,
        False,
        False,
        False,
    ]
    assert [await kept.has_day("assignments", days) for days in (398, 402, 798, 802)] == [
        True,
        True,
        True,
        False,
    ]
    assert await kept.ages("events") == [398]
    assert await kept.ages("assignments") == [398, 402, 798]


async def test_each_site_has_what_it_keeps_and_the_longest_keeps_the_day(kept: Kept) -> None:
    short, usual = await kept.site(events_days=90, assignments_days=7), await kept.site()
    await kept.day(200)
    for site in (short, usual):
        for days in (6, 8, 89, 200):
            await kept.row(site, "events", days)
            await kept.row(site, "assignments", days)

    await kept.let_go()

    assert await kept.ages("events", short) == [6, 8, 89]
    assert await kept.ages("assignments", short) == [6]
    assert await kept.ages("events", usual) == await kept.ages("assignments", usual) == [6, 8, 89, 200]
    assert await kept.has_day("events", 200)


async def test_the_latest_revision_says_what_is_kept(kept: Kept) -> None:
    site = await kept.site(decisions_days=60)
    await kept.row(site, "decisions", 40)
    await kept.let_go()
    assert await kept.ages("decisions") == [40]

    await kept.publish(site, 2, timezone="UTC")
    await kept.let_go()

    assert await kept.ages("decisions") == []


async def test_days_that_are_made_for_late_records_are_emptied_and_stay(kept: Kept) -> None:
    site = await kept.site()
    for days in (28, 32, 89):
        await kept.row(site, "decisions", days)

    await kept.let_go()

    assert await kept.ages("decisions") == [28]
    assert await kept.has_day("decisions", 89)


async def test_an_instant_within_a_day_is_kept_to_exactly(kept: Kept) -> None:
    site = await kept.site()
    for days in (29.99, 30.01):
        await kept.row(site, "decisions", days)

    await kept.let_go()

    assert await kept.ages("decisions") == [29]


@pytest.mark.parametrize("table", ["assignments", "decisions", "events"])
async def test_what_has_no_day_of_its_own_goes_too(kept: Kept, table: str) -> None:
    site = await kept.site()
    for days in (-100, 4_000):
        await kept.row(site, table, days)

    await kept.let_go()

    assert await kept.ages(table) == [-100]


async def test_what_goes_row_by_row_goes_in_batches(kept: Kept) -> None:
    sites = [await kept.site(events_days=90), await kept.site(events_days=90), await kept.site()]
    await kept.day(100)
    for site in sites:
        for _ in range(5):
            await kept.row(site, "events", 100)

    await kept.let_go(batch_rows=2)

    assert [len(await kept.ages("events", site)) for site in sites] == [0, 0, 5]


@pytest.mark.parametrize(
    ("table", "days"), [("event_ids", 8), ("erasures", 90), ("stage_moves", 400), ("profile_changes", None)]
)
async def test_what_has_no_days_is_kept_as_long_as_it_is_needed(
    kept: Kept, table: str, days: int | None
) -> None:
    site = await kept.site()
    ages = [1] if days is None else [days - 1, days + 1]
    for age in [*ages, 4_000]:
        await kept.row(site, table, age)

    await kept.let_go(batch_rows=1)

    assert await kept.ages(table) == ([1, 4_000] if days is None else [days - 1])


async def test_two_at_once_do_no_harm(kept: Kept) -> None:
    site = await kept.site(events_days=90)
    await kept.site()
    for days in (200, 500):
        await kept.day(days)
        for _ in range(5):
            await kept.row(site, "events", days)
    await kept.row(site, "events", 80)

    await asyncio.gather(*(kept.let_go(batch_rows=2) for _ in range(2)))
    # The one that came second may have left it all to the first; nobody is at it any more.
    await kept.let_go()

    assert await kept.ages("events") == [80]


async def test_while_somebody_else_is_at_it_nothing_is_done(kept: Kept) -> None:
    site = await kept.site()
    await kept.row(site, "decisions", 50)
    async with kept.pool.acquire() as other:
        await other.fetchval(f"SELECT pg_try_advisory_lock({int.from_bytes(b'keeping')})")
        await kept.let_go()
        assert await kept.ages("decisions") == [50]

    await kept.let_go()

    assert await kept.ages("decisions") == []


async def test_who_reads_is_not_waited_for_without_end(kept: Kept) -> None:
    await kept.site()
    await kept.day(500)
    async with kept.pool.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT FROM events")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await kept.let_go()

    await kept.let_go()

    assert not await kept.has_day("events", 500)


async def test_a_clock_that_is_ahead_lets_nothing_go(kept: Kept) -> None:
    site = await kept.site()
    await kept.row(site, "decisions", 20)

    await Keeper(kept.pool, now=lambda: kept.now + timedelta(days=10_000)).let_go()

    assert await kept.ages("decisions") == [20]


async def test_without_a_site_nothing_goes(kept: Kept) -> None:
    await kept.day(4_000)

    await kept.let_go()

    assert await kept.has_day("events", 4_000)


async def test_a_policy_that_is_not_understood_lets_nothing_go(kept: Kept) -> None:
    site = await kept.site(decisions_weeks=2)
    await kept.row(site, "decisions", 500)

    with pytest.raises(msgspec.ValidationError):
        await kept.let_go()

    assert await kept.ages("decisions") == [500]


async def test_no_failure_ends_it(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "RETRY_S", 0)
    monkeypatch.setattr(retention, "RUN_S", 0)
    site = await kept.site()
    failures = iter([OSError("away"), ZeroDivisionError()])

    def clock() -> datetime:
        for failure in failures:
            raise failure
        return kept.now

    async def is_gone() -> bool:
        return not await kept.ages("decisions")

    async with background(Keeper(kept.pool, now=clock).run()):
        for _ in range(2):
            await kept.row(site, "decisions", 50)
            await until(is_gone)
