"""The runs of a site of one's own."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.admin.runs.claims import Claim, Progress, claim_run
from app.admin.runs.queue import Run, cancel_run, get_run, queue_run
from app.admin.runs.take import take_runs
from app.storage.postgres import Postgres


class Runs:
    """The runs of a site of one's own; no other test's run waits meanwhile."""

    def __init__(self, postgres: Postgres, site: int) -> None:
        self.postgres = postgres
        self.site = site

    async def queue(self, kind: str = "naught", **asked: Any) -> UUID:
        async with self.postgres.engine.begin() as connection:
            return await queue_run(connection, self.site, kind, asked)

    async def get(self, run: UUID, kind: str = "naught") -> Run:
        async with self.postgres.engine.begin() as connection:
            return await get_run(connection, self.site, kind, run)

    async def cancel(self, run: UUID) -> bool:
        async with self.postgres.engine.begin() as connection:
            return await cancel_run(connection, self.site, "naught", run)

    async def claim(self) -> Claim:
        claim = await claim_run(self.postgres.pool)
        assert claim is not None
        return claim

    async def take(self, work: Callable[[Postgres, Claim, Progress], Awaitable[bytes]], **how: Any) -> None:
        await take_runs(self.postgres, {"naught": work}, **how)
