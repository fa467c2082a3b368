"""What an address of PostgreSQL says besides the place, for each of the two ways there."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.embedded.servers import Servers
from app.storage.postgres import Postgres, UnreachedError, engine_at
from tests.hushed_postgres import HushedPostgres


@pytest_asyncio.fixture
async def over_tcp(servers: Servers) -> AsyncIterator[str]:
    """Give an address of a PostgreSQL that knows no TLS."""
    way = HushedPostgres(servers.database_url)
    async with way.running():
        yield way.database_url


async def ask_by_sqlalchemy(database_url: str, question: str) -> str:
    engine = engine_at(database_url)
    try:
        async with engine.connect() as connection:
            return str((await connection.execute(text(question))).scalar_one())
    finally:
        await engine.dispose()


async def ask_by_asyncpg(database_url: str, question: str) -> str:
    postgres = await Postgres.open(database_url)
    try:
        return str(await postgres.pool.fetchval(question))
    finally:
        await postgres.close()


WAYS = pytest.mark.parametrize("ask", [ask_by_sqlalchemy, ask_by_asyncpg])


@WAYS
@pytest.mark.parametrize("name", ["ssl", "sslmode"])
async def test_encryption_is_asked_for_by_either_name(ask: Any, name: str, over_tcp: str) -> None:
    assert await ask(f"{over_tcp}?{name}=disable", "SELECT 1") == "1"
    with pytest.raises(UnreachedError, match="rejected SSL upgrade"):
        await ask(f"{over_tcp}?{name}=require", "SELECT 1")


@WAYS
@pytest.mark.parametrize("said", ["ssl=perhaps", "sslmode=verify-full&sslrootcert=/nowhere/root.crt"])
async def test_what_cannot_be_encrypted_so_is_refused(ask: Any, said: str, over_tcp: str) -> None:
    with pytest.raises(UnreachedError, match=r"sslmode|No such file"):
        await ask(f"{over_tcp}?{said}", "SELECT 1")


@WAYS
async def test_what_else_is_said_is_a_setting_of_the_session(ask: Any, over_tcp: str) -> None:
    assert await ask(f"{over_tcp}?application_name=shop&ssl=disable", "SHOW application_name") == "shop"
    with pytest.raises((asyncpg.PostgresError, DBAPIError), match='parameter "colour"'):
        await ask(f"{over_tcp}?colour=red", "SELECT 1")
