"""A second pair of eyes, where a site wants one: who changed the draft does not publish it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.authors import list_authors
from app.storage.tables import keys
from app.web.keyring import Caller, Role
from app.web.problems import ForbiddenError

# What is in force counts too: else whoever may not publish would switch it off, and publish that.
_REQUIRED = text("""
    SELECT coalesce((
        SELECT CAST(document ->> 'review_required' AS boolean) FROM drafts
        WHERE site_id = :site AND kind = 'site'
    ), false) OR coalesce((
        SELECT CAST(document #>> '{site,review_required}' AS boolean) FROM revisions
        WHERE site_id = :site ORDER BY number DESC LIMIT 1
    ), false)
""")

# A key and those that it was rotated to and from are of one person.
_SAME_PERSONS = text("""
    WITH RECURSIVE held AS (
        SELECT id, replaced_by FROM keys WHERE site_id = :site AND id = ANY(CAST(:authors AS uuid[]))
        UNION
        SELECT keys.id, keys.replaced_by
        FROM keys JOIN held ON keys.id = held.replaced_by OR keys.replaced_by = held.id
        WHERE keys.site_id = :site
    )
    SELECT id FROM held
""")


async def check_reviewed(connection: AsyncConnection, caller: Caller) -> list[UUID]:
    """Let only those publish the draft who may, and give the keys of all who changed it.

    The site must be locked.

    Raises:
        ForbiddenError: the site wants a review, and the caller is among the authors.

    """
    authors = [*await list_authors(connection, caller.site)]
    await check_apart(connection, caller.site, UUID(caller.key_id), authors)
    return authors


async def check_apart(connection: AsyncConnection, site: int, key: UUID, authors: Collection[UUID]) -> None:
    """See that a key may publish what these have changed; raises ForbiddenError."""
    found = await connection.execute(_SAME_PERSONS, {"site": site, "authors": [*authors]})
    theirs = found.scalars().all()
    if key in theirs and (await connection.execute(_REQUIRED, {"site": site})).scalar_one():
        able = await _able_to_publish(connection, site, theirs)
        told = f"these keys may: {', '.join(able)}" if able else "no other key of this site may publish"
        raise ForbiddenError(f"the site wants a review, and this key has changed the draft itself; {told}")


async def _able_to_publish(connection: AsyncConnection, site: int, theirs: Collection[UUID]) -> Sequence[str]:
    roles = [role.name.lower() for role in Role if role >= Role.PUBLISHER]
    good = or_(keys.c.expires_at.is_(None), keys.c.expires_at > func.now())
    able = (keys.c.site_id == site, keys.c.role.in_(roles), keys.c.revoked_at.is_(None), good)
    query = select(keys.c.name).where(*able, keys.c.id.not_in(theirs)).order_by(keys.c.name).limit(20)
    return (await connection.execute(query)).scalars().all()
