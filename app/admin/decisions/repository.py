"""Logged decisions in PostgreSQL. Their instant is in their id, so that one partition alone is searched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import assignments, decisions, revisions


async def find_decision(
    connection: AsyncConnection, site: int, decision_id: str, at: datetime
) -> RowMapping | None:
    """Find what a decision was taken on."""
    found = await connection.execute(
        select(decisions.c.revision, decisions.c.asked).where(
            decisions.c.id == UUID(decision_id), decisions.c.at == at, decisions.c.site_id == site
        )
    )
    return found.mappings().one_or_none()


async def list_assignments(
    connection: AsyncConnection, site: int, decision_id: str, at: datetime
) -> Sequence[RowMapping]:
    """List the assignments that a decision has left."""
    columns = [assignments.c[name] for name in ("experiment", "arm", "phase", "unit", "first")]
    found = await connection.execute(
        select(*columns)
        .where(
            assignments.c.decision_id == UUID(decision_id),
            assignments.c.at == at,
            assignments.c.site_id == site,
        )
        .order_by(assignments.c.experiment)
    )
    return found.mappings().all()


async def get_document(connection: AsyncConnection, site: int, revision: int) -> dict[str, Any]:
    """Read the document of a revision."""
    found = await connection.execute(
        select(revisions.c.document).where(revisions.c.site_id == site, revisions.c.number == revision)
    )
    document: dict[str, Any] = found.scalar_one()
    return document
