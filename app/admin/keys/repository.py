"""Keys in PostgreSQL, hashes left out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.keys.schemas import State
from app.storage.tables import keys

_TOLD = (
    keys.c.id,
    keys.c.kind,
    keys.c.role,
    keys.c.name,
    keys.c.created_at,
    keys.c.expires_at,
    keys.c.revoked_at,
    keys.c.last_used_at,
    keys.c.replaced_by,
)
_IS_ADMIN = and_(keys.c.role == "admin", keys.c.revoked_at.is_(None))


async def find_key(connection: AsyncConnection, site: int, key_id: UUID, now: datetime) -> RowMapping | None:
    """Find a key of a site, with its state at an instant."""
    query = select(*_TOLD, _state(now).label("state"))
    found = await connection.execute(query.where(keys.c.site_id == site, keys.c.id == key_id))
    return found.mappings().one_or_none()


async def list_keys(
    connection: AsyncConnection,
    site: int,
    state: State | None,
    *,
    now: datetime,
    before: UUID | None,
    limit: int,
) -> Sequence[RowMapping]:
    """List keys, newest first, from the one before an id."""
    query = select(*_TOLD, _state(now).label("state")).where(keys.c.site_id == site)
    if state is not None:
        query = query.where(_state(now) == state)
    if before is not None:
        query = query.where(keys.c.id < before)
    return (await connection.execute(query.order_by(keys.c.id.desc()).limit(limit))).mappings().all()


async def count_in_force(connection: AsyncConnection, site: int, now: datetime) -> int:
    """Count the keys that are good at an instant."""
    query = select(func.count()).where(keys.c.site_id == site, _state(now) == "in_force")
    count: int = (await connection.execute(query)).scalar_one()
    return count


async def lock_key(connection: AsyncConnection, site: int, key_id: UUID) -> None:
    """Let nobody else change a key, nor which admins there are, until this transaction ends.

    All are locked at once and in one order, so that no two can wait for each other.
    """
    mine = and_(keys.c.site_id == site, or_(keys.c.id == key_id, _IS_ADMIN))
    await connection.execute(select(keys.c.id).where(mine).order_by(keys.c.id).with_for_update())


async def has_lasting_admin(connection: AsyncConnection, site: int) -> bool:
    """Whether a site has an admin's key that is not going to expire."""
    lasting = select(keys.c.id).where(keys.c.site_id == site, _IS_ADMIN, keys.c.expires_at.is_(None))
    return bool((await connection.execute(select(exists(lasting)))).scalar_one())


async def update_key(connection: AsyncConnection, key_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a key."""
    await connection.execute(update(keys).where(keys.c.id == key_id).values(values))


def _state(now: datetime) -> ColumnElement[str]:
    return case(
        (keys.c.revoked_at.is_not(None), "revoked"),
        (keys.c.expires_at <= now, "expired"),
        else_="in_force",
    )
