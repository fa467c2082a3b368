"""How every process hears of what was changed."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def notify_changed(connection: AsyncConnection, site: int) -> None:
    """Tell every process, once this is committed, that there is something new about a site."""
    await connection.execute(select(func.pg_notify("signpost_changed", str(site))))
