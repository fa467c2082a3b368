"""What the impact of a draft is asked of: which revisions there are, and whose logged decisions are whose."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.ids import instant_in
from app.storage.tables import decisions, revisions


async def find_latest_number(connection: AsyncConnection, site: int) -> int | None:
    """Find the number of the revision in force; None where nothing is published."""
    latest = select(func.max(revisions.c.number)).where(revisions.c.site_id == site)
    number: int | None = (await connection.execute(latest)).scalar_one()
    return number


async def visitors_of(connection: AsyncConnection, site: int, ids: Collection[str]) -> dict[str, str]:
    """Tell whose each decision was; those of erased visitors are gone, as are old ones."""
    instants = {instant for one in ids if (instant := instant_in(one)) is not None}
    found = await connection.execute(
        select(decisions.c.id, decisions.c.visitor).where(
            decisions.c.site_id == site,
            decisions.c.id.in_([UUID(one) for one in ids]),
            decisions.c.at.in_(instants),
        )
    )
    return {str(id_): visitor for id_, visitor in found}
