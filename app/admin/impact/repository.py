"""What the impact of a draft is asked of: which revisions there are, and whose logged decisions are whose."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.ids import instant_in
from app.storage.tables import decisions, revisions


async def find_latest_number(connection: AsyncConnection, site: int) -> int | None:
    """Find the number of the revision in force; None where nothing is published."""
    latest = select(func.max(revisions.c.number)).where(revisions.c.site_id == site)
    number: int | None = (await connection.execute(latest)).scalar_one()
    return number


# What either side knows, so that only a name that nobody could have meant is refused.
_PLACEMENTS = text("""
    SELECT key FROM drafts WHERE site_id = :site AND kind = 'placements' AND :with_draft
    UNION
    SELECT placement ->> 'key' FROM revisions, jsonb_array_elements(document -> 'placements') AS placement
    WHERE site_id = :site AND number = ANY (:numbers)
""")


async def list_placements(
    connection: AsyncConnection, site: int, numbers: Collection[int], *, with_draft: bool
) -> set[str]:
    """List the placements of some revisions, and of the draft."""
    given = {"site": site, "numbers": [*numbers], "with_draft": with_draft}
    return {key for (key,) in await connection.execute(_PLACEMENTS, given)}


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
