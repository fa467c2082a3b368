"""How PostgreSQL is reached: by SQLAlchemy, and by plain asyncpg where rows are many or time is short."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self, cast

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.storage.watched import Watched

# To let somebody in takes PostgreSQL milliseconds, and so does it to say goodbye.
CONNECT_S, CLOSE_S = 10.0, 5.0
# Hardly any statement takes so long by far; those over all that a large site has say that they do.
STATEMENT_S, LONG_S = 30.0, 3_600.0

_POOL_SIZE = 5
_SCHEMES = {"postgresql+asyncpg", "postgresql", "postgres"}


class UnreachedError(ConnectionError):
    """There is no way to a database; the message says why."""


def dsn_of(database_url: str) -> str:
    """Turn an address as people say it into the one asyncpg takes; raises ValueError where it is none."""
    # Not said why: what is wrong may be a part of the password.
    with suppress(ArgumentError, ValueError):
        url = make_url(database_url)
        if url.drivername in _SCHEMES:
            # SQLAlchemy's name for it, which asyncpg takes for a setting of the server.
            query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()}
            return url.set(drivername="postgresql", query=query).render_as_string(hide_password=False)
    raise ValueError("no address of PostgreSQL, as postgresql://user:password@host:5432/name")


def engine_at(database_url: str, *, bounds: Mapping[str, Any] | None = None, **options: Any) -> AsyncEngine:
    """Make SQLAlchemy's way to a database, on connections that asyncpg opens as for itself."""
    dsn = dsn_of(database_url)
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    return create_async_engine(url, async_creator=partial(_connect, dsn, **(bounds or {})), **options)


def open_engine(database_url: str, *, statement_s: float | None = None) -> AsyncEngine:
    """Make SQLAlchemy's way to a database, whose statements may take as long as those of `Postgres`.

    Where one is not answered in time, no connection that was open by then is lent again. One that PostgreSQL
    has closed is replaced before it is lent.
    """
    engine = engine_at(
        database_url, bounds=_bounds(statement_s), pool_size=_POOL_SIZE, max_overflow=_POOL_SIZE
    )
    event.listen(engine.sync_engine, "checkout", _see_that_it_is_open)
    event.listen(engine.sync_engine, "handle_error", _give_up)
    return engine


class Postgres:
    """Both ways to one database, opened together and closed together."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool) -> None:
        self.engine = engine
        self.pool = pool

    @classmethod
    async def open(cls, database_url: str, *, statement_s: float | None = None) -> Self:
        """Connect; raises UnreachedError where nobody answers, or asyncpg's errors.

        A statement may take so long (by default `STATEMENT_S`), else it fails by TimeoutError; where
        PostgreSQL does not confirm in the same time that it has ended it, the connection is cut.
        """
        pool = await asyncpg.create_pool(
            dsn_of(database_url), connect=_connect, min_size=1, max_size=_POOL_SIZE, **_bounds(statement_s)
        )
        return cls(open_engine(database_url, statement_s=statement_s), pool)

    async def close(self) -> None:
        """Hand back every connection; cut those that are not back within `CLOSE_S` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.engine.dispose()
                await self.pool.close()
        self.pool.terminate()


async def _connect(*given: Any, **options: Any) -> Any:
    try:
        return await asyncpg.connect(*given, **options)
    except (OSError, ValueError, OverflowError) as error:
        raise UnreachedError(str(error) or "no answer in time") from error


def _bounds(statement_s: float | None) -> dict[str, Any]:
    bound_s = STATEMENT_S if statement_s is None else statement_s
    return {"timeout": CONNECT_S, "command_timeout": bound_s, "connection_class": Watched}


def _see_that_it_is_open(_: object, lent: ConnectionPoolEntry, __: object) -> None:
    """Where PostgreSQL has hung up since, as when it is started anew, SQLAlchemy is to connect once more."""
    if cast("asyncpg.Connection", lent.driver_connection).is_closed():
        raise DisconnectionError


def _give_up(context: ExceptionContext) -> None:
    """Where nothing is said on one connection, nothing is to be expected of the others."""
    if isinstance(context.original_exception, TimeoutError):
        # SQLAlchemy gives up this one by itself, and each of the others only when somebody has waited for it.
        context.invalidate_pool_on_disconnect = True
