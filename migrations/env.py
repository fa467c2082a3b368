"""How migrations reach the database: on the connection handed in, else at the address in DATABASE_URL."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from app.storage.migrate import is_described
from app.storage.postgres import engine_at
from app.storage.schema import metadata

# A migration that waits for a lock makes everybody else wait behind it: it gives up, and can be run again.
LOCK_TIMEOUT = "5s"


def run_on(connection: Connection) -> None:
    """Run what was asked for; each migration is a transaction of its own."""
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=is_described,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_at(database_url: str) -> None:
    """Connect for this one run."""
    engine = engine_at(database_url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run_on)
    await engine.dispose()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    run_on(handed_in)
else:
    asyncio.run(run_at(os.environ["DATABASE_URL"]))
