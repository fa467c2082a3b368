"""Databases for tests that need one of their own."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.engine import make_url

from app.storage.migrate import migrate
from app.storage.postgres import Postgres, dsn_of


@asynccontextmanager
async def new_database(database_url: str) -> AsyncIterator[str]:
    """Make an empty database on the server of an address, give its address, and drop it."""
    name = f"test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(dsn_of(database_url))
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@asynccontextmanager
async def new_postgres(database_url: str) -> AsyncIterator[Postgres]:
    """Open a database likewise that has all tables, and nothing in them."""
    async with new_database(database_url) as own_url:
        await asyncio.to_thread(migrate, own_url)
        opened = await Postgres.open(own_url)
        yield opened
        await opened.close()
