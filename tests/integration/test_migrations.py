import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.embedded.servers import Servers
from app.journal.append import FileJournal
from app.journal.ship import Shipper
from app.storage.migrate import MIGRATIONS, is_described, migrate
from app.storage.postgres import Postgres, dsn_of
from app.storage.schema import metadata
from tests.databases import new_database
from tests.integration.ship_cases import Remembering
from tests.sites import SiteFactory
from tests.unit.journal.journalled import event as plain_event


@pytest_asyncio.fixture
async def database_url(servers: Servers) -> AsyncIterator[str]:
    async with new_database(servers.database_url) as url:
        yield url


@pytest_asyncio.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(database_url, poolclass=NullPool)
    yield made
    await made.dispose()


def differences(connection: Connection) -> list[Any]:
    options = {"include_name": is_described, "compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def run(engine: AsyncEngine, step: Callable[[Config], None]) -> None:
    """Take a step of Alembic's on a connection that is handed in, as `migrate` does."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def on(connection: Connection) -> None:
        config.attributes["connection"] = connection
        step(config)

    async with engine.connect() as connection:
        await connection.run_sync(on)


async def tables_of(database_url: str) -> set[str]:
    connection = await asyncpg.connect(dsn_of(database_url))
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


async def test_the_migrated_tables_are_those_that_the_code_describes(
    database_url: str, engine: AsyncEngine
) -> None:
    await asyncio.to_thread(migrate, database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_migrated_tables_hold_once_what_the_code_says(
    database_url: str, engine: AsyncEngine
) -> None:
    def keys(connection: Connection) -> dict[str, list[str]]:
        looking = inspect(connection)
        return {name: looking.get_pk_constraint(name)["constrained_columns"] for name in metadata.tables}

    await asyncio.to_thread(migrate, database_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(keys)
    assert found == {name: table.primary_key.columns.keys() for name, table in metadata.tables.items()}


async def test_every_migration_goes_down_and_up_again(database_url: str, engine: AsyncEngine) -> None:
    await asyncio.to_thread(migrate, database_url)
    await run(engine, lambda config: command.downgrade(config, "base"))
    assert await tables_of(database_url) == {"alembic_version"}
    await asyncio.to_thread(migrate, database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_many_processes_may_migrate_at_once(database_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, database_url) for _ in range(4)))
    assert "sites" in await tables_of(database_url)


async def test_a_migration_gives_up_on_a_lock_before_others_pile_up_behind_it(
    database_url: str, engine: AsyncEngine
) -> None:
    await asyncio.to_thread(migrate, database_url)
    seen = []

    def look(config: Config) -> None:
        command.current(config)
        seen.append(config.attributes["connection"].exec_driver_sql("SHOW lock_timeout").scalar())

    await run(engine, look)
    assert seen == ["5s"]


async def test_the_command_line_of_alembic_reaches_the_database_too(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    await asyncio.to_thread(command.upgrade, Config("alembic.ini"), "head")
    assert "revisions" in await tables_of(database_url)


@pytest.mark.parametrize("table", ["revisions", "audit"])
@pytest.mark.parametrize("change", ["UPDATE {} SET site_id = 2", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_is_immutable_refuses_to_change(postgres: Postgres, table: str, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match=f"{table} is immutable"):
        await postgres.pool.execute(change.format(table))


async def test_a_published_site_cannot_be_deleted(postgres: Postgres, new_site: SiteFactory) -> None:
    site = await new_site()
    await postgres.pool.execute(
        "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, 1, '{}', 'a', '')",
        site.site_id,
    )
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await postgres.pool.execute("DELETE FROM sites WHERE id = $1", site.site_id)


NOW = datetime.now(UTC)
# Events of before ids were a visitor's own: who did it, its id, and how many days ago it came and happened.
# What is told late, even of a day that has no partition of its own, is known all the same.
TIMED = "0193a0b1-c2d3-7aaa-8bbb-ccccddddeeee"
KNOWN = [
    ("v-ä", "e-1", 1.0, 1.0),
    ("v-ä", TIMED, 2.0, 2.0),
    ("v-2", "e-2", 7.9, 97.0),
    ("v-3", "e-3", 8.1, 8.1),
]
# As in tests/unit/journal/test_rows.py.
KNOWN_BY, TIMED_KEY = (
    UUID("318f5c4e-d1b5-1165-33e6-52a7fae12de1"),
    UUID("0193a0b1-c2d3-26ec-586b-c79099e40f9d"),
)
STORE = "INSERT INTO events VALUES (1, $2, $1, 'n', '{}', $4, $3, false, false, false)"


@pytest_asyncio.fixture
async def before_visitors_counted(
    database_url: str, engine: AsyncEngine
) -> AsyncIterator[asyncpg.Connection]:
    """A database in which an id is known once on each site, with events in it."""
    await run(engine, lambda config: command.upgrade(config, "0010"))
    connection = await asyncpg.connect(dsn_of(database_url))
    for visitor, id_, came, happened in KNOWN:
        received = NOW - timedelta(days=came)
        await connection.execute(STORE, visitor, id_, received, NOW - timedelta(days=happened))
        await connection.execute("INSERT INTO event_ids VALUES (1, $1, $2)", id_, received)
    yield connection
    await connection.close()


async def test_what_is_known_stays_known_now_that_it_is_known_by_its_visitor(
    before_visitors_counted: asyncpg.Connection, engine: AsyncEngine, tmp_path: Path, database_url: str
) -> None:
    await run(engine, lambda config: command.upgrade(config, "0011"))

    rows = await before_visitors_counted.fetch("SELECT * FROM event_ids ORDER BY received_at DESC")
    assert tuple(rows[0]) == (1, KNOWN_BY, NOW - timedelta(days=1))
    assert tuple(rows[1]) == (1, TIMED_KEY, NOW - timedelta(days=2))
    # Of what came earlier nobody asks any more.
    assert len(rows) == 3
    sent = [plain_event(id_, visitor=visitor) for visitor, id_, *_ in KNOWN[:3]]
    journal, fold = FileJournal(tmp_path), Remembering()
    await journal.append([*sent, new := plain_event("e-1", visitor="v-2")])
    async with asyncpg.create_pool(dsn_of(database_url), min_size=1) as pool:
        await Shipper(tmp_path, pool, fold).ship_once()
    journal.close()
    assert fold.records == [new]


async def test_two_visitors_may_do_something_at_one_instant_under_one_id(
    before_visitors_counted: asyncpg.Connection, engine: AsyncEngine
) -> None:
    again = ("v-other", "e-1", NOW, NOW - timedelta(days=1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await before_visitors_counted.execute(STORE, *again)

    await run(engine, lambda config: command.upgrade(config, "0011"))

    await before_visitors_counted.execute(STORE, *again)
    with pytest.raises(asyncpg.UniqueViolationError):
        await before_visitors_counted.execute(STORE, *again)


async def test_ids_are_those_of_the_whole_site_again_after_going_down(
    before_visitors_counted: asyncpg.Connection, engine: AsyncEngine
) -> None:
    await run(engine, lambda config: command.upgrade(config, "0011"))
    # Another visitor's, at another instant: of the two that share an id the later tells how long it is known.
    await before_visitors_counted.execute(STORE, "v-other", "e-1", NOW, NOW)

    await run(engine, lambda config: command.downgrade(config, "0010"))

    rows = await before_visitors_counted.fetch("SELECT site_id, id, received_at FROM event_ids ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (1, TIMED, NOW - timedelta(days=2)),
        (1, "e-1", NOW),
        (1, "e-2", NOW - timedelta(days=7.9)),
    ]
    assert await before_visitors_counted.fetchval("SELECT count(*) FROM events") == 5


async def test_what_only_visitors_tell_apart_keeps_it_from_going_down_and_nothing_is_lost(
    before_visitors_counted: asyncpg.Connection, engine: AsyncEngine
) -> None:
    await run(engine, lambda config: command.upgrade(config, "0011"))
    await before_visitors_counted.execute(STORE, "v-other", "e-1", NOW, NOW - timedelta(days=1))

    with pytest.raises(IntegrityError, match=r"\(site_id, id, at\)"):
        await run(engine, lambda config: command.downgrade(config, "0010"))

    query = "SELECT count(*) FROM event_ids WHERE key = $1"
    assert await before_visitors_counted.fetchval(query, KNOWN_BY) == 1
    assert await before_visitors_counted.fetchval("SELECT count(*) FROM events") == 5
    await before_visitors_counted.execute("DELETE FROM events WHERE visitor = 'v-other'")
    await run(engine, lambda config: command.downgrade(config, "0010"))


async def test_what_was_let_go_of_under_earlier_revisions_is_known(
    database_url: str, engine: AsyncEngine
) -> None:
    await asyncio.to_thread(migrate, database_url)
    await run(engine, lambda config: command.downgrade(config, "0010"))
    connection = await asyncpg.connect(dsn_of(database_url))
    await connection.execute("INSERT INTO sites (key, identity_secret) VALUES ('a', ''), ('b', '')")
    for number, days, ago in ((1, 90, 300), (2, 800, 100)):
        await connection.execute(
            """
            INSERT INTO revisions (site_id, number, document, author, comment, created_at)
            VALUES (1, $1, $2, '', '', now() - $3::int * interval '1 day')
            """,
            number,
            json.dumps({"site": {"retention": {"events_days": days}}}),
            ago,
        )

    await asyncio.to_thread(migrate, database_url)

    rows = await connection.fetch(
        "SELECT site_id, table_name, extract(epoch FROM now() - since) / 86400 AS days FROM kept_since"
    )
    await connection.close()
    usual = {"assignments": 800, "decisions": 30}
    found = {site: {row[1]: round(row[2]) for row in rows if row[0] == site} for site in (1, 2)}
    assert found == {1: {**usual, "events": 190}, 2: {**usual, "events": 400}}


async def test_the_phases_of_earlier_revisions_are_known(database_url: str, engine: AsyncEngine) -> None:
    await asyncio.to_thread(migrate, database_url)
    await run(engine, lambda config: command.downgrade(config, "0012"))
    connection = await asyncpg.connect(dsn_of(database_url))
    await connection.execute("INSERT INTO sites (key, identity_secret) VALUES ('a', ''), ('b', '')")
    phased = "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, $2, $3, '', '')"
    for site, number, phases in ((1, 1, {"x": 1, "y": None}), (1, 2, {"x": 3}), (1, 3, {}), (2, 1, {"x": 2})):
        given = [{"key": key, **({"phase": phase} if phase else {})} for key, phase in phases.items()]
        await connection.execute(phased, site, number, json.dumps({"experiments": given} if given else {}))

    await asyncio.to_thread(migrate, database_url)
    kept = "SELECT site_id, experiment, phase FROM experiment_phases ORDER BY 1, 2"
    before = [tuple(row) for row in await connection.fetch(kept)]
    again = {"experiments": [{"key": "x", "phase": 4}, {"key": "y", "phase": 1}, {"key": "z", "phase": 1}]}
    await connection.execute(phased, 1, 4, json.dumps(again))
    after = [tuple(row) for row in await connection.fetch(kept)]
    await connection.close()
    assert before == [(1, "x", 3), (1, "y", 1), (2, "x", 2)]
    assert after == [(1, "x", 4), (1, "y", 1), (1, "z", 1), (2, "x", 2)]
