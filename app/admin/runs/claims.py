"""Runs as the process sees that does them: claimed, kept alive, and ended."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from app.admin.runs.limits import ATTEMPTS, STALE
from app.engine.problems import Problem

_WAITING = "state = 'queued' OR (state = 'running' AND heartbeat_at < now() - $1::interval AND attempt < $2)"
_IS_WAITING = f"SELECT EXISTS (SELECT FROM runs WHERE {_WAITING})"  # noqa: S608 - a condition of ours
# Of two who look at once, each takes another one.
_CLAIM = f"""
    UPDATE runs SET state = 'running', attempt = attempt + 1, progress = 0, heartbeat_at = now(),
        started_at = coalesce(started_at, now())
    WHERE id = (
        SELECT id FROM runs WHERE {_WAITING} ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, site_id, kind, asked::text, attempt
"""  # noqa: S608 - a condition of ours
_OWN = "WHERE id = $1 AND attempt = $2 AND state = 'running'"
_BEAT = f"UPDATE runs SET heartbeat_at = now(), progress = $3 {_OWN} RETURNING true"  # noqa: S608 - of ours
_FINISH = f"""
    UPDATE runs SET state = 'done', progress = 1, finished_at = now(), result = $3 {_OWN}
"""  # noqa: S608 - a condition of ours
_FAIL = f"""
    UPDATE runs SET state = 'failed', finished_at = now(), error = $3::text::jsonb {_OWN}
"""  # noqa: S608 - a condition of ours


class RunFailed(Exception):  # noqa: N818 - it is no fault of the program
    """A run that cannot come to a result; whoever asked for it is told why."""

    def __init__(self, detail: str, errors: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class Claim(msgspec.Struct, frozen=True):
    """A run that this process does."""

    id: UUID
    site: int
    kind: str
    asked: dict[str, Any]
    attempt: int


class Progress:
    """How much of a run is done, from 0 to 1."""

    def __init__(self) -> None:
        self.share = 0.0


async def is_waiting(pool: asyncpg.Pool) -> bool:
    """Whether there is a run that nobody does."""
    waiting: bool = await pool.fetchval(_IS_WAITING, STALE, ATTEMPTS)
    return waiting


async def claim_run(pool: asyncpg.Pool) -> Claim | None:
    """Take the run that has waited longest, or one whose process died; None where there is none."""
    row = await pool.fetchrow(_CLAIM, STALE, ATTEMPTS)
    if row is None:
        return None
    asked = msgspec.json.decode(row["asked"])
    return Claim(row["id"], row["site_id"], row["kind"], asked, row["attempt"])


async def beat(pool: asyncpg.Pool, claim: Claim, share: float) -> bool:
    """Say that a run is alive, and how far it is; false where it is not ours any more."""
    return bool(await pool.fetchval(_BEAT, claim.id, claim.attempt, share))


async def finish_run(pool: asyncpg.Pool, claim: Claim, result: bytes) -> None:
    """Store what a run has come to, if it is still ours."""
    await pool.execute(_FINISH, claim.id, claim.attempt, result)


async def fail_run(pool: asyncpg.Pool, claim: Claim, failed: RunFailed) -> None:
    """Store why a run came to nothing, if it is still ours."""
    error = {"detail": failed.detail, "errors": failed.errors}
    await pool.execute(_FAIL, claim.id, claim.attempt, msgspec.json.encode(error).decode())
