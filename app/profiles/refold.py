"""A profile folded anew from PostgreSQL, where a merge is undone or a change came behind later ones."""

from typing import Any

import asyncpg

from app.engine.profile import Profile, StageMove
from app.engine.records import Merge, TraitsSet
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold, fold_telling
from app.profiles.merge import joined, left_behind
from app.profiles.sources import sources_of
from app.profiles.stored import stored_changes, stored_records
from app.profiles.together import fold_together


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
    if sources.left is not None:
        own, _ = joined(left_behind(lost, sources.left.into), own, 0, None)
    # What a device brought stands only where its user had said nothing of it by then, however old that was.
    own.traits, _ = await traits_anew(connection, site, visitor)
    return own, moves


async def traits_anew(connection: asyncpg.Connection, site: int, visitor: str) -> tuple[dict[str, Any], int]:
    """Set the traits of a profile again in the order of their instants, and tell the last of these."""
    sources = await sources_of(connection, site, visitor)
    profiles = {(site, one): Profile() for one in sources.until_ms}
    async for change in stored_changes(connection, site, sources.until_ms):
        is_part = isinstance(change, TraitsSet) or (isinstance(change, Merge) and change.into == visitor)
        if is_part and sources.hold(change) and not sources.have_lost(change):
            fold_together(profiles, (change,), lambda _: None)
    return profiles[site, visitor].traits, profiles[site, visitor].traits_ms
