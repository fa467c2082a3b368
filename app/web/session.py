"""One transaction for each request, committed before a success is answered."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated

import asyncpg
from fastapi import Depends, Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.postgres import Postgres
from app.web.problems import UnavailableError

_AWAY = (OSError, PoolTimeoutError)
_FULL = (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)


async def open_session(request: Request) -> AsyncIterator[AsyncConnection]:
    """Begin a transaction; commit when the route has returned, roll back when it raised.

    Raises:
        UnavailableError: PostgreSQL cannot be reached, takes nobody in, or went away on the way.

    """
    postgres: Postgres = request.app.state.postgres
    with said_if_away():
        async with postgres.engine.begin() as connection:
            yield connection


@contextmanager
def said_if_away() -> Iterator[None]:
    """Raise UnavailableError where PostgreSQL cannot be reached, takes nobody in, or went away on the way."""
    try:
        yield
    except _AWAY as error:
        raise UnavailableError("the database cannot be reached just now") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise UnavailableError("the database went away: read again to see what was changed") from error
        if error.orig is not None and isinstance(error.orig.__cause__, _FULL):
            raise UnavailableError("the database takes no more connections just now") from error
        raise


# "function" ends the transaction between the route and the sending of its answer: a commit that fails
# is an error for the client, never a 2xx.
Session = Annotated[AsyncConnection, Depends(open_session, scope="function")]
