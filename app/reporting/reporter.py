"""Keeps results counted: takes marks away and counts those anew whom they name."""

import asyncio
import logging
from collections.abc import Collection, Iterable
from typing import Any

import asyncpg
import msgspec

from app.engine.arms import HOLDOUT
from app.reporting.alike import alike
from app.reporting.definition import Definition, UnknownExperimentError, load_definition
from app.reporting.queries import find_document
from app.reporting.rollup import PLAN_ONCE, count_some, count_wholly, is_right, is_summed
from app.storage.attempts import Attempts

# Who is marked often is counted once for all of its marks: the further the reporter is behind, the faster.
VISITORS_AT_ONCE, MARKS_AT_ONCE = 5_000, 50_000
IDLE_S, RETRY_S = 0.25, 5.0

# One at a time over all hosts. Any number that nobody else locks: "counting" in ASCII.
_ALONE = f"SELECT pg_try_advisory_lock({int.from_bytes(b'counting')})"
_SITES = "SELECT site_id, max(number) AS number FROM revisions GROUP BY site_id"
# Marks of one site: all that the visitors have who have waited longest.
_TAKE = """
    DELETE FROM recount_marks WHERE id IN (
        SELECT id FROM (
            SELECT id, dense_rank() OVER (ORDER BY since) AS place FROM (
                SELECT id, min(id) OVER (PARTITION BY visitor) AS since FROM (
                    SELECT id, visitor FROM recount_marks
                    WHERE site_id = (SELECT site_id FROM recount_marks ORDER BY id LIMIT 1)
                    ORDER BY id LIMIT $2
                ) AS oldest
            ) AS waiting
        ) AS placed WHERE place <= $1
    ) RETURNING site_id, visitor, erased
"""
_log = logging.getLogger(__name__)


class Reporter:
    """Counts whoever was marked, one process at a time."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._attempts = Attempts(_log, "counting what is marked")
        # What sites have published when their experiments were last looked at.
        self._seen: dict[int, int] = {}

    async def run(self) -> None:
        """Count until cancelled. No failure ends it."""
        while True:
            with self._attempts as attempt:
                while await self.turn():
                    pass
            await asyncio.sleep(RETRY_S if attempt.failed else IDLE_S)

    async def turn(self) -> int:
        """Count some of those who are marked, unless somebody else counts; answers how many marks that was.

        Raises asyncpg's errors and OSError; what is marked stays so.
        """
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(_ALONE):
                return 0
            driver = _driver(connection)
            await self._catch_up(driver)
            async with driver.transaction():
                marks = await driver.fetch(_TAKE, VISITORS_AT_ONCE, MARKS_AT_ONCE)
                if marks:
                    visitors = {row["visitor"] for row in marks}
                    erased = {row["visitor"] for row in marks if row["erased"]}
                    await self._count(driver, marks[0]["site_id"], visitors, erased)
            return len(marks)

    async def recount(self) -> int:
        """Count every experiment of every site anew; answers how many units there are."""
        counted = 0
        async with self._pool.acquire() as connection:
            driver = _driver(connection)
            await driver.execute(_ALONE.replace("pg_try_advisory_lock", "pg_advisory_lock"))
            for row in await driver.fetch(_SITES):
                for definition in await _definitions(driver, row["site_id"]):
                    async with driver.transaction():
                        counted += await self._count_wholly(driver, row["site_id"], definition)
        return counted

    async def differing(self) -> list[str]:
        """Name the experiments whose sums are not those of their raw rows, as `site/experiment`.

        Units that are marked and not counted yet make a difference too.
        """
        found = []
        async with self._pool.acquire() as connection:
            driver = _driver(connection)
            async with _snapshot(driver):
                await driver.execute(PLAN_ONCE)
                for row in await driver.fetch(_SITES):
                    found += [
                        f"{row['site_id']}/{definition.key}"
                        for definition in await _definitions(driver, row["site_id"])
                        if not await is_right(driver, row["site_id"], definition)
                    ]
        return found

    async def _catch_up(self, connection: asyncpg.Connection) -> None:
        """Count experiments wholly that are new, or judged by other metrics than before."""
        for site, number in [tuple(row) for row in await connection.fetch(_SITES)]:
            if self._seen.get(site) != number:
                for definition in await _definitions(connection, site):
                    if not await is_summed(connection, site, definition):
                        async with connection.transaction():
                            await self._count_wholly(connection, site, definition)
                self._seen[site] = number

    async def _count(
        self, connection: asyncpg.Connection, site: int, visitors: Iterable[str], erased: Collection[str]
    ) -> None:
        await connection.execute(PLAN_ONCE)
        found = await alike(connection, site, visitors)
        for experiment, some in sorted(found.items()):
            try:
                definition = await load_definition(connection, site, experiment, None)
            except UnknownExperimentError:
                # Whoever was in it is erased, and the experiment gone.
                continue
            if await is_summed(connection, site, definition):
                await count_some(connection, site, definition, some, erased)
            else:
                await self._count_wholly(connection, site, definition)

    async def _count_wholly(self, connection: asyncpg.Connection, site: int, definition: Definition) -> int:
        async with self._pool.acquire() as lent:
            reading = _driver(lent)
            async with _snapshot(reading):
                return await count_wholly(connection, reading, site, definition)


def _driver(lent: Any) -> asyncpg.Connection:
    """See what a pool lends as what it is in all but its type."""
    connection: asyncpg.Connection = lent
    return connection


def _snapshot(connection: asyncpg.Connection) -> asyncpg.transaction.Transaction:
    # Units and merges are read by several statements. What is stored meanwhile is marked, and counted after.
    return connection.transaction(isolation="repeatable_read")


async def _definitions(connection: asyncpg.Connection, site: int) -> list[Definition]:
    try:
        document = await find_document(connection, site, None)
    except msgspec.ValidationError:
        # Published by a later version of this program; whoever understands it counts it.
        _log.exception("what site %s has published cannot be read", site)
        return []
    if document is None:
        return []
    keys = [experiment.key for experiment in document.experiments if experiment.status != "draft"]
    keys += [HOLDOUT] if document.holdout.percent else []
    return [await load_definition(connection, site, key, None) for key in keys]
