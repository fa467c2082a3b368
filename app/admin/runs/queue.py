"""Runs as requests see them: queued, looked at and cancelled."""

from datetime import datetime
from typing import Any, Literal, Self, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping, and_, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.runs.limits import ATTEMPTS, KEPT, OPEN_LIMIT, STALE
from app.kit.ids import new_id
from app.storage.run_tables import runs
from app.web.problems import ConflictError, NotFoundError, TooManyRequestsError

State: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
OPEN = ("queued", "running")

DIED = {"detail": f"its process died {ATTEMPTS} times over it; the log says why", "errors": []}

_IS_STALE = and_(runs.c.state == "running", runs.c.heartbeat_at < func.now() - STALE)
# What nobody works on any more is told as it is, though nobody may be there to write it down.
_STATE = case(
    (and_(_IS_STALE, runs.c.attempt >= ATTEMPTS), "failed"), (_IS_STALE, "queued"), else_=runs.c.state
)
_PLAIN = ("id", "asked", "error", "created_at", "started_at", "finished_at")
_COLUMNS = (*(runs.c[name] for name in _PLAIN), _STATE.label("state"))
_PROGRESS = case((_STATE == "queued", 0.0), else_=runs.c.progress).label("progress")


class Run(msgspec.Struct, frozen=True):
    """How far a run has come; `error` says why it failed, `result` is JSON once it is done."""

    id: UUID
    asked: dict[str, Any]
    state: State
    progress: float
    error: dict[str, Any] | None
    result: bytes | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """Read a row."""
        error = row["error"] or (DIED if row["state"] == "failed" else None)
        return cls(**{**row, "error": error})


async def queue_run(connection: AsyncConnection, site: int, kind: str, asked: dict[str, Any]) -> UUID:
    """Queue a run, and let go of those that are long over.

    Raises:
        TooManyRequestsError: so many wait or run already that another would only wait.

    """
    own = runs.c.site_id == site
    await connection.execute(delete(runs).where(own, runs.c.created_at < func.now() - KEPT))
    # Two at once may both be the last to find room, which does no harm.
    still_open = and_(own, runs.c.state.in_(OPEN), runs.c.attempt < ATTEMPTS)
    found = await connection.execute(select(func.count()).select_from(runs).where(still_open))
    if found.scalar_one() >= OPEN_LIMIT:
        detail = f"{OPEN_LIMIT} runs of this site wait or run already: cancel one, or let one end"
        raise TooManyRequestsError(detail, retry_after_s=5)
    run = UUID(new_id())
    await connection.execute(insert(runs).values(id=run, site_id=site, kind=kind, asked=asked))
    return run


async def get_run(connection: AsyncConnection, site: int, kind: str, run: UUID) -> Run:
    """Read a run; raises NotFoundError."""
    found = await connection.execute(
        select(*_COLUMNS, _PROGRESS, runs.c.result).where(
            runs.c.id == run, runs.c.site_id == site, runs.c.kind == kind
        )
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no run {run}, or it was let go after {KEPT.days} days")
    return Run.of(row)


async def find_latest(
    connection: AsyncConnection, site: int, kind: str, asked: dict[str, Any], *states: State
) -> Run | None:
    """Find the latest run in which the same was asked, in one of these states as they are told."""
    found = await connection.execute(
        select(*_COLUMNS, _PROGRESS, runs.c.result)
        .where(runs.c.site_id == site, runs.c.kind == kind, runs.c.asked == asked, _STATE.in_(states))
        .order_by(runs.c.created_at.desc(), runs.c.id.desc())
        .limit(1)
    )
    row = found.mappings().one_or_none()
    return None if row is None else Run.of(row)


async def cancel_run(connection: AsyncConnection, site: int, kind: str, run: UUID) -> bool:
    """Cancel a run; its process notices within a second or two. Says whether it was not cancelled before.

    Raises:
        NotFoundError: there is none.
        ConflictError: it has ended by itself.

    """
    own = and_(runs.c.id == run, runs.c.site_id == site, runs.c.kind == kind)
    ended = update(runs).where(own, _STATE.in_(OPEN)).values(state="cancelled", finished_at=func.now())
    if (await connection.execute(ended)).rowcount:
        return True
    found = await get_run(connection, site, kind, run)
    if found.state != "cancelled":
        raise ConflictError(f"the run is over: it is {found.state}")
    return False
