"""The SQL that results rest on, each statement with what it answers."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.model import Document
from app.storage.postgres import LONG_S, Postgres


@asynccontextmanager
async def snapshot(session: AsyncConnection) -> AsyncIterator[asyncpg.Connection]:
    """Lend the driver's own connection, which sees one state of the database throughout and changes nothing.

    Rows come several times as fast as through SQLAlchemy; and since the connection is out of SQLAlchemy's
    pool, those who decide and ship keep the other pool for themselves, however many ask for results at once.
    `session` has run nothing yet.

    Raises:
        ConnectionError: the connection broke on the way.

    """
    driver: Any = (await session.get_raw_connection()).driver_connection
    try:
        async with driver.transaction(isolation="repeatable_read", readonly=True):
            # Compiling a plan over a hundred partitions takes longer than running it.
            with _cut_off(driver):
                await driver.execute("SET LOCAL jit = off")
                yield driver
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if not driver.is_closed() and not isinstance(error, TimeoutError):
            raise
        # SQLAlchemy was passed by and has not noticed: unsaid, the next request would get this connection.
        await session.invalidate()
        raise ConnectionError("the connection to the database broke") from error


@contextmanager
def _cut_off(driver: asyncpg.Connection) -> Iterator[None]:
    """Cut a connection on which nothing is said any more: it would not answer a ROLLBACK either."""
    try:
        yield
    except TimeoutError:
        driver.terminate()
        raise


@asynccontextmanager
async def lent(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """Lend the driver's own connection for one question, which changes nothing."""
    async with postgres.engine.connect() as session, snapshot(session) as connection:
        yield connection


# What a revision says of experiments and metrics; its long lists stay in the database. Without a number, the
# latest revision.
_DOCUMENT = """
    SELECT (document - '{placements,segments,rules}'::text[])::text
    FROM revisions
    WHERE site_id = $1
      AND number = coalesce($2, (SELECT max(number) FROM revisions WHERE site_id = $1))
"""


async def find_document(connection: asyncpg.Connection, site_id: int, number: int | None) -> Document | None:
    """Read what a revision (None: the latest) says of experiments and metrics."""
    document = await connection.fetchval(_DOCUMENT, site_id, number)
    return None if document is None else msgspec.json.decode(document, type=Document)


# The newest revision under which somebody was given an arm of the experiment, in one phase or in any.
_REVISION = """
    SELECT max(revision) FROM assignments
    WHERE site_id = $1 AND experiment = $2 AND ($3::int IS NULL OR phase = $3)
"""


async def find_revision(
    connection: asyncpg.Connection, site_id: int, experiment: str, phase: int | None
) -> int | None:
    """Name the newest revision that assigned units to an experiment; None where there are no such units."""
    revision: int | None = await connection.fetchval(_REVISION, site_id, experiment, phase, timeout=LONG_S)
    return revision
