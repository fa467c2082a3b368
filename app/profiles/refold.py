"""A profile folded anew from PostgreSQL: what it is once a merge that it was part of is undone."""

import asyncpg

from app.engine.profile import Profile, StageMove
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold, fold_telling
from app.profiles.merge import joined, left_behind
from app.profiles.sources import sources_of
from app.profiles.stored import stored_records


async def refold(
    connection: asyncpg.Connection, site: int, visitor: str, ruleset: Ruleset | None
) -> tuple[Profile, list[StageMove]]:
    """Fold all that is stored of a profile, and tell each change of stage that may be told, in order."""
    moves: list[StageMove] = []
    sources = await sources_of(connection, site, visitor)
    own = lost = Profile()
    async for record in stored_records(connection, site, sources.until_ms):
        if sources.have_lost(record):
            lost = fold(lost, (record,), ruleset)
        elif sources.hold(record):
            own, moved = fold_telling(own, (record,), ruleset)
            moves += moved
    if sources.left is None:
        return own, moves
    return joined(left_behind(lost, sources.left.into), own, 0, None)[0], moves
