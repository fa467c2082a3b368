"""Sites in PostgreSQL."""

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import sites

# Any number that nobody else locks: "site" in ASCII.
_BOOTSTRAP_LOCK = int.from_bytes(b"site")


async def lock_bootstrap(connection: AsyncConnection) -> None:
    """Let nobody else make the first site until this transaction ends."""
    await connection.execute(select(func.pg_advisory_xact_lock(_BOOTSTRAP_LOCK)))


async def has_sites(connection: AsyncConnection) -> bool:
    """Whether there is any site."""
    return bool((await connection.execute(select(exists(select(sites.c.id))))).scalar_one())


async def insert_site(connection: AsyncConnection, key: str, identity_secret: str) -> int | None:
    """Add a site; None where there is one of this key."""
    row = insert_or(sites).values(key=key, identity_secret=identity_secret)
    added = await connection.execute(row.on_conflict_do_nothing(index_elements=["key"]).returning(sites.c.id))
    site_id: int | None = added.scalar_one_or_none()
    return site_id
