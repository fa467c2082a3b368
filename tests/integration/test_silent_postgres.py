"""What a PostgreSQL that says nothing any more keeps this process from: nothing that it does without it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.kit.tasks import background
from app.rulesets import refresh as refreshing
from app.rulesets.refresh import Refresh
from app.storage import postgres as storage
from app.storage.postgres import Postgres
from tests.silent_postgres import SilentPostgres
from tests.waiting import until


@pytest_asyncio.fixture
async def silent() -> AsyncIterator[SilentPostgres]:
    server = SilentPostgres()
    async with server.running():
        yield server


async def opened(silent: SilentPostgres, *, statement_s: float | None = None) -> Postgres:
    url = silent.address.replace("postgresql", "postgresql+asyncpg")
    return await Postgres.open(url, statement_s=statement_s)


async def test_it_is_closed_all_the_same(silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "CLOSE_S", 0.05)
    postgres = await opened(silent)

    await postgres.close()

    assert postgres.pool.is_closing()
    assert postgres.pool.get_size() == 0


async def test_a_refresh_that_is_not_answered_has_failed_and_the_next_asks_on_a_fresh_connection(
    silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "CLOSE_S", 0.05)
    postgres = await opened(silent, statement_s=0.05)

    async def reload() -> None:
        async with postgres.pool.acquire() as connection, connection.transaction():
            await connection.fetch("SELECT 1")

    refresh = Refresh("postgresql://u:p@127.0.0.1:1/x", reload, poll_s=0.01)

    async def has_failed_twice() -> bool:
        return refresh.failures >= 2

    async with background(refresh.run()):
        await until(has_failed_twice)
    await postgres.close()

    assert silent.let_in >= 2


async def test_where_nobody_says_that_it_is_listened_to_polling_goes_on(
    silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "LISTEN_S", 0.05)
    reloaded = asyncio.Event()

    async def reload() -> None:
        reloaded.set()

    async with background(Refresh(silent.address, reload, poll_s=0.01).run()):
        await reloaded.wait()
