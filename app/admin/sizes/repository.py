"""What sizes are asked of."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import revisions


async def find_latest_number(connection: AsyncConnection, site: int) -> int | None:
    """Find the number of the revision in force; None where nothing is published."""
    latest = select(func.max(revisions.c.number)).where(revisions.c.site_id == site)
    number: int | None = (await connection.execute(latest)).scalar_one()
    return number
