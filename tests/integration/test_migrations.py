import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.embedded.servers import Servers
from app.storage.migrate import MIGRATIONS, is_described, migrate
from app.storage.postgres import Postgres, dsn_of
from app.storage.schema import metadata
from tests.databases import new_database
from tests.sites import SiteFactory


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
