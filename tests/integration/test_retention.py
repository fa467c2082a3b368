"""What goes when it is older than its site keeps it, in a database where no other test loses anything."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.kit.tasks import background
from app.storage import retention
from app.storage.migrate import migrate
from app.storage.postgres import dsn_of
from app.storage.retention import Keeper
from tests.databases import new_database
from tests.integration.aged import REST, Kept
from tests.integration.mailing import Mailing
from tests.waiting import until


@pytest_asyncio.fixture(scope="module")
async def pool(servers: Servers) -> AsyncIterator[asyncpg.Pool]:
    async with new_database(servers.database_url) as database_url:
        await asyncio.to_thread(migrate, database_url)
        async with asyncpg.create_pool(dsn_of(database_url), min_size=1, max_size=3) as opened:
            yield opened


@pytest_asyncio.fixture
async def kept(pool: asyncpg.Pool) -> Kept:
    """The database as if nobody had ever been here; revisions are immutable for all but the tables' owner."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE revisions DISABLE TRIGGER revisions_immutable")
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table in ("revisions", "sites", *REST):
            await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are this file's own
        await connection.execute("ALTER TABLE revisions ENABLE ALWAYS TRIGGER revisions_immutable")
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
    ("table", "days"),
    [
        ("event_ids", 8),
        ("erasures", 90),
        ("idempotent_answers", 1),
        ("stage_moves", 400),
        ("profile_changes", None),
    ],
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


async def test_what_was_sent_to_webhooks_goes_after_a_month(kept: Kept) -> None:
    mail = Mailing(kept.pool, await kept.site())
    webhook = await mail.webhook("https://shop.example/")
    messages = [await mail.message(webhook) for _ in range(2)]
    for message, days in zip(messages, (29, 31), strict=True):
        query = "UPDATE webhook_deliveries SET created_at = $2 WHERE id = $1"
        await kept.pool.execute(query, message, kept.now - timedelta(days=days))

    await kept.let_go()

    query = "SELECT id FROM webhook_deliveries WHERE webhook_id = $1"
    assert [row["id"] for row in await kept.pool.fetch(query, webhook)] == messages[:1]
