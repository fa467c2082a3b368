"""What of a site's configuration is not in the draft."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import sites


async def update_identity_secret(connection: AsyncConnection, site: int, secret: str) -> None:
    """Keep the key of the site's user proofs."""
    await connection.execute(update(sites).where(sites.c.id == site).values(identity_secret=secret))
