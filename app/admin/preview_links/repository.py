"""What the preview links of a site are signed with."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.notice import notify_changed
from app.storage.tables import sites


async def get_secret(connection: AsyncConnection, site: int) -> str:
    """Read it."""
    secret: str = (
        await connection.execute(select(sites.c.preview_secret).where(sites.c.id == site))
    ).scalar_one()
    return secret


async def replace_secret(connection: AsyncConnection, site: int, secret: str) -> None:
    """Replace it, and tell every process once this is committed."""
    await connection.execute(update(sites).where(sites.c.id == site).values(preview_secret=secret))
    await notify_changed(connection, site)
