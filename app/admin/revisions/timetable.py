"""What looks for schedules whose instant has come: in each host's shipper, one of them for each schedule."""

import asyncio
import logging

from sqlalchemy.ext.asyncio import AsyncEngine

from app.admin.revisions.due import carry_out
from app.admin.revisions.schedules import claim_due
from app.storage.attempts import Attempts

# A schedule is to be published within a second of its instant, and a large one shall not hold up small ones.
POLL_S, RETRY_S = 0.25, 2.0
AT_ONCE = 3

_log = logging.getLogger(__name__)


class Timetable:
    """Publishes what is scheduled, each once: the row is locked until all of it is committed.

    Whatever dies on the way leaves the schedule as it was, for the next one to find it; late, never lost.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._attempts = Attempts(_log, "publishing what is scheduled")

    async def run(self) -> None:
        """Publish what is due until cancelled, of several sites at once. No failure ends it."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._keep_publishing())

    async def _keep_publishing(self) -> None:
        while True:
            with self._attempts as attempt:
                while await self.publish_next():
                    pass
            await asyncio.sleep(RETRY_S if attempt.failed else POLL_S)

    async def publish_next(self) -> bool:
        """Publish one schedule; False where none is due that nobody else is at.

        Raises:
            OSError, DBAPIError: the database is away; what was begun did not happen.

        """
        async with self._engine.begin() as connection:
            due = await claim_due(connection)
            if due is None:
                return False
            await carry_out(connection, due)
            return True
