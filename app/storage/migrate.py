"""Bringing the database to the tables that this version knows."""

import asyncio
import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from app.storage.postgres import engine_at
from app.storage.tables import PARTITIONED

MIGRATIONS = Path(__file__).parents[2] / "migrations"

# Any number will do, as long as nobody else takes it: "signpost" in ASCII, cut to 63 bits.
_MIGRATION_LOCK = int.from_bytes(b"signpost") >> 1
_PARTITION = re.compile(rf"({'|'.join(PARTITIONED)})_(\d{{8}}|default)")


def migrate(database_url: str) -> None:
    """Upgrade to the newest migration, once however many processes ask at the same time.

    Blocks until it is done, and starts an event loop of its own: call it before there is one, or in a thread.
    Raises ValueError where the database has a migration that this version does not know.
    """
    asyncio.run(_under_lock(database_url))


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """Whether the code describes a thing that the database has; it leaves the days of a table unsaid."""
    return kind != "table" or name is None or _PARTITION.fullmatch(name) is None


async def _under_lock(database_url: str) -> None:
    engine = engine_at(database_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            # The session holds the lock, so it outlives the transactions and ends with the connection.
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.commit()
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        told = f"the tables in PostgreSQL are those of a newer version of Signpost: {error}"
        raise ValueError(told) from error
