"""One run after the other, until none waits."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import asyncpg

from app.admin.runs.claims import Claim, Progress, RunFailed, beat, claim_run, fail_run, finish_run
from app.admin.runs.limits import BEAT_S
from app.storage.postgres import Postgres

Work: TypeAlias = Callable[[Postgres, Claim, Progress], Awaitable[bytes]]
"""Does a run of one kind, and gives its result as JSON; it gives way to others now and then."""

# Another process, or this one a little later, will find the database again.
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)

_log = logging.getLogger(__name__)


async def take_runs(postgres: Postgres, kinds: Mapping[str, Work], *, beat_s: float = BEAT_S) -> None:
    """Do every run that waits.

    Raises:
        OSError, asyncpg's errors: the database went away; the run is taken up again when it is found stale.

    """
    while (claim := await claim_run(postgres.pool)) is not None:
        try:
            await _do(postgres, claim, kinds, beat_s)
        except RunFailed as failed:
            await fail_run(postgres.pool, claim, failed)
        except _AWAY:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with one run, the next must not wait for it
            _log.exception("run %s of site %s failed", claim.id, claim.site)
            await fail_run(postgres.pool, claim, RunFailed("something went wrong that nobody foresaw"))


async def _do(postgres: Postgres, claim: Claim, kinds: Mapping[str, Work], beat_s: float) -> None:
    if claim.kind not in kinds:
        raise RunFailed(f"another version of the program knows what {claim.kind!r} is; this one does not")
    progress = Progress()
    working = asyncio.ensure_future(kinds[claim.kind](postgres, claim, progress))
    beating = asyncio.create_task(_beat(postgres, claim, progress, beat_s))
    try:
        await asyncio.wait({working, beating}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await finish_run(postgres.pool, claim, working.result())
        else:
            # It was cancelled or taken up by another, or the database is away, which is raised here.
            beating.result()
    finally:
        working.cancel()
        beating.cancel()
        # What went wrong was raised before; this only sees them off.
        await asyncio.gather(working, beating, return_exceptions=True)


async def _beat(postgres: Postgres, claim: Claim, progress: Progress, beat_s: float) -> None:
    """Say that the run is alive for as long as it is ours."""
    while await beat(postgres.pool, claim, progress.share):  # noqa: ASYNC110 - to look is to say that it lives
        await asyncio.sleep(beat_s)
