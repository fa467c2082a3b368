"""Entries of the audit in PostgreSQL; nothing here changes any."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, Text, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.trail.schemas import Wanted
from app.storage.tables import audit


class Entry(msgspec.Struct, frozen=True):
    """An entry, its documents as the JSON that the database keeps."""

    id: int
    at: datetime
    actor: str
    key_id: str | None
    request_id: str | None
    action: str
    target: str
    before: msgspec.Raw
    after: msgspec.Raw


_TOLD = [audit.c[name] for name in ("id", "at", "actor", "key_id", "request_id", "action", "target")]
# Nobody here looks into the documents, so that they need be neither decoded nor encoded.
_DOCUMENTS = [cast(audit.c[name], Text).label(name) for name in ("before", "after")]


async def list_entries(
    connection: AsyncConnection,
    site: int,
    wanted: Wanted,
    *,
    before: int | None,
    limit: int,
    most_bytes: int | None = None,
) -> list[Entry]:
    """List entries, newest first, from the one before an id.

    With `most_bytes` the list ends with the entry whose documents reach so many bytes together.
    """
    query = select(*_TOLD, *_DOCUMENTS).where(audit.c.site_id == site, *_conditions(wanted))
    if before is not None:
        query = query.where(audit.c.id < before)
    query = query.order_by(audit.c.id.desc()).limit(limit)
    if most_bytes is not None:
        query = _cut(query, most_bytes)
    return [_entry_of(row) for row in (await connection.execute(query)).mappings()]


def _cut(query: Select[Any], most_bytes: int) -> Select[Any]:
    listed = query.subquery("listed")
    size = func.coalesce(func.octet_length(listed.c.before), 0) + func.coalesce(
        func.octet_length(listed.c.after), 0
    )
    before_it = (func.sum(size).over(order_by=listed.c.id.desc()) - size).label("before_it")
    summed = select(listed, before_it).subquery("summed")
    told = [summed.c[name] for name in Entry.__struct_fields__]
    return select(*told).where(summed.c.before_it < most_bytes).order_by(summed.c.id.desc())


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: dict[str, Any] = {
        "actor": lambda actor: or_(audit.c.actor == actor, audit.c.key_id == actor),
        "action": lambda action: audit.c.action == action,
        "target": lambda start: audit.c.target.startswith(start, autoescape=True),
        "since": lambda instant: audit.c.at >= instant,
        "until": lambda instant: audit.c.at < instant,
    }
    said = {name: getattr(wanted, name) for name in conditions}
    return [conditions[name](value) for name, value in said.items() if value is not None]


def _entry_of(row: RowMapping) -> Entry:
    raw = {name: msgspec.Raw(row[name] or "null") for name in ("before", "after")}
    return Entry(**{**row, **raw})
