"""A profile folded anew from PostgreSQL: what it is once a merge that it was part of is undone."""

import asyncpg

from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold
from app.profiles.merge import left_behind
from app.profiles.sources import sources_of
from app.profiles.stored import stored_records


async def refold(connection: asyncpg.Connection, site: int, visitor: str, ruleset: Ruleset | None) -> Profile:
    """Fold all that is stored of a profile, inside the caller's transaction."""
    sources = await sources_of(connection, site, visitor)
    profile, left = Profile(), sources.left
    async for record in stored_records(connection, site, sources.until_ms):
        if not sources.hold(record.visitor, record.at_ms):
            continue
        if left is not None and record.at_ms > left.at_ms:
            profile, left = left_behind(profile, left.into), None
        profile = fold(profile, (record,), ruleset)
    return profile if left is None else left_behind(profile, left.into)
