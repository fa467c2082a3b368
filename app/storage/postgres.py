"""How PostgreSQL is reached: by SQLAlchemy, and by plain asyncpg where rows are many or time is short."""

import asyncio
from contextlib import suppress
from typing import Self

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# To say goodbye takes PostgreSQL milliseconds.
CLOSE_S = 5.0

_POOL_SIZE = 5


def dsn_of(database_url: str) -> str:
    """Turn an SQLAlchemy address into the one asyncpg takes."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


class Postgres:
    """Both ways to one database, opened together and closed together."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool) -> None:
        self.engine = engine
        self.pool = pool

    @classmethod
    async def open(cls, database_url: str, *, statement_s: float | None = None) -> Self:
        """Connect; raises OSError or asyncpg's errors where nobody answers.

        A statement to the pool may take so long, else it fails by TimeoutError; where PostgreSQL does not
        confirm in the same time that it has ended it, the connection is cut.
        """
        pool = await asyncpg.create_pool(
            dsn_of(database_url), min_size=1, max_size=_POOL_SIZE, command_timeout=statement_s
        )
        return cls(create_async_engine(database_url, pool_size=_POOL_SIZE, max_overflow=_POOL_SIZE), pool)

    async def close(self) -> None:
        """Hand back every connection; cut those that are not back within `CLOSE_S` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.engine.dispose()
                await self.pool.close()
        self.pool.terminate()
