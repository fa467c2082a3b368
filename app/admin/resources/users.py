"""Finding who uses a resource, among all that is drafted."""

from typing import Any

from sqlalchemy import Text, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.resources.address import Address
from app.admin.resources.kinds import JOURNEYS
from app.admin.resources.uses import Used, users_of, uses_of
from app.engine.model import DEFAULT_STAGES
from app.engine.problems import Problem
from app.storage.tables import drafts

_AT_ONCE = 100


async def find_users(connection: AsyncConnection, at: Address, most: int) -> list[Problem]:
    """Find where others name this one, at `most` so many places: the address of each, and what for."""
    kinds = users_of(at.kind.name)
    if not kinds:
        return []
    used = Used(at.kind.name, at.key, at.placement, await _stages(connection, at))
    # Whoever names it has its key somewhere, and only these are looked into. A journey is named within the
    # path of an attribute, or by one of its stages.
    needle = "stage" if at.kind is JOURNEYS else f'"{at.key}"'
    query = select(drafts.c.kind, drafts.c.key, drafts.c.document).where(
        drafts.c.site_id == at.site,
        drafts.c.kind.in_(kinds),
        tuple_(drafts.c.kind, drafts.c.key) != (at.kind.name, at.key),
        func.strpos(cast(drafts.c.document, Text), needle) > 0,
    )
    users: list[Problem] = []
    async with connection.stream(query.order_by(drafts.c.kind, drafts.c.key)) as found:
        async for rows in found.partitions(_AT_ONCE):
            for kind, key, document in rows:
                name = kind if kind == key else f"{kind}/{key}"
                told = uses_of(used, kind, document)
                users += [Problem(f"/{name}{pointer}", f"{name} {what}") for pointer, what in told]
            if len(users) >= most:
                break
    return users[:most]


async def _stages(connection: AsyncConnection, at: Address) -> frozenset[str]:
    """Give the stages of a journey that gives visitors their `stage`: the primary, else the first."""
    if at.kind is not JOURNEYS:
        return frozenset()
    listed = select(drafts.c.document).where(drafts.c.site_id == at.site, drafts.c.kind == at.kind.name)
    journeys: list[Any] = [
        *(await connection.execute(listed.order_by(drafts.c.position, drafts.c.key))).scalars()
    ]
    primary = next((each for each in journeys if each.get("primary")), journeys[0])
    if primary["key"] != at.key:
        return frozenset()
    default = [{"key": stage.key} for stage in DEFAULT_STAGES]
    return frozenset(stage["key"] for stage in primary.get("stages", default))
