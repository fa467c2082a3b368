"""What a PostgreSQL that says nothing any more keeps this process from: nothing that it does without it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.storage import postgres as storage
from app.storage.postgres import Postgres
from tests.silent_postgres import SilentPostgres


@pytest_asyncio.fixture
async def silent() -> AsyncIterator[SilentPostgres]:
    server = SilentPostgres()
    async with server.running():
        yield server


async def opened(silent: SilentPostgres) -> Postgres:
    return await Postgres.open(silent.address.replace("postgresql", "postgresql+asyncpg"))


async def test_it_is_closed_all_the_same(silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "CLOSE_S", 0.05)
    postgres = await opened(silent)

    await postgres.close()

    assert postgres.pool.is_closing()
    assert postgres.pool.get_size() == 0
