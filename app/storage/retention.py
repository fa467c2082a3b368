"""What is older than its site keeps it goes: days that no site keeps at once, the rest in batches."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import asyncpg
import msgspec

from app.engine.model import Retention
from app.kit import clock
from app.storage.attempts import Attempts
from app.storage.partitions import BACK_DAYS, LOCK_TIMEOUT, day_of
from app.storage.postgres import LONG_S

RUN_S, RETRY_S = 3_600.0, 60.0
BATCH_ROWS = 5_000
PAUSE_S = 0.05
# An id that a client gives is known again for at least 7 days; a tombstone stays until no journal can still
# hold what came before it. An answer to a POST with an `Idempotency-Key` is given again for a day, and what
# was sent to a webhook can be sent again for as long as it is kept.
IDS_DAYS, ERASURES_DAYS, ANSWERS_DAYS, WEBHOOKS_DAYS = 8, 90, 1, 30

# One keeper at a time, until the pool has its connection back. Any number that nobody else locks: "keeping"
# in ASCII.
_ALONE = f"SELECT pg_try_advisory_lock({int.from_bytes(b'keeping')})"
# A site that never published anything has the defaults, as has one that says nothing of it.
_POLICIES = """
    SELECT id, (
        SELECT document #> '{site,retention}' FROM revisions
        WHERE site_id = sites.id ORDER BY number DESC LIMIT 1
    )::text AS retention
    FROM sites
"""
_PARTITIONS = """
    SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1
"""
# Whoever rests on rows can tell by this which of them may be gone. A site that keeps more from now on has not
# got back what went.
_NOTE = """
    INSERT INTO kept_since AS held (site_id, table_name, since)
    SELECT site_id, $1, since FROM unnest($2::int[], $3::timestamptz[]) AS kept (site_id, since)
    ON CONFLICT (site_id, table_name) DO UPDATE SET since = excluded.since WHERE held.since < excluded.since
"""
_HAS_ROWS = "SELECT EXISTS (SELECT FROM {table})"
# One look into the index for each site: what the others have in the table is not read.
_DELETE = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT old.row FROM unnest($1::int[], $2::timestamptz[]) AS kept (site_id, since), LATERAL (
            SELECT ctid AS row FROM {table} WHERE site_id = kept.site_id AND at < kept.since LIMIT $3
        ) AS old LIMIT $3
    ))
"""
_DELETE_ANYBODYS = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < $1 LIMIT $2))
"""

# What of its policy a site keeps the rows of a table of days by.
_BY_DAY: Mapping[str, Callable[[Retention], int]] = MappingProxyType(
    {
        "assignments": lambda policy: policy.assignments_days,
        "decisions": lambda policy: policy.decisions_days,
        "events": lambda policy: policy.events_days,
    }
)

# What goes at the same age for every site, by which of its instants.
_ANYBODYS = (
    ("event_ids", "received_at", IDS_DAYS),
    ("erasures", "at", ERASURES_DAYS),
    ("idempotent_answers", "at", ANSWERS_DAYS),
    ("webhook_deliveries", "created_at", WEBHOOKS_DAYS),
)

_log = logging.getLogger(__name__)


class Keeper:
    """Lets go of what no policy keeps, now and then; decisions go on meanwhile."""

    def __init__(
        self, pool: asyncpg.Pool, *, now: Callable[[], datetime] = clock.now, batch_rows: int = BATCH_ROWS
    ) -> None:
        self._pool = pool
        self._now = now
        self._batch_rows = batch_rows
        self._attempts = Attempts(_log, "letting go of what is older than it is kept")

    async def run(self) -> None:
        """Let go every hour until cancelled. No failure ends it."""
        while True:
            with self._attempts as attempt:
                await self.let_go()
            await asyncio.sleep(RETRY_S if attempt.failed else RUN_S)

    async def let_go(self) -> None:
        """Let go of all that is too old now, unless somebody else is at it.

        Raises asyncpg's errors and OSError; what is left by then goes the next time.
        """
        async with self._pool.acquire() as connection:
            if await connection.fetchval(_ALONE):
                await self._let_go(connection)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type

    async def _let_go(self, connection: asyncpg.Connection) -> None:
        # A clock that is ahead would let go of what is kept: the two would have to be wrong together.
        now = min(self._now(), await connection.fetchval("SELECT now()"))
        policies = await _policies(connection)
        for table, days_of in _BY_DAY.items():
            since = {site: now - timedelta(days=days_of(policy)) for site, policy in policies.items()}
            await connection.execute(_NOTE, table, list(since), list(since.values()))
            await self._thin_out(connection, table, since, now)
        since = {site: now - timedelta(days=policy.events_days) for site, policy in policies.items()}
        await self._delete(connection, "stage_moves", since)
        for table, column, days in _ANYBODYS:
            await self._delete_anybodys(connection, table, column, now - timedelta(days=days))

    async def _thin_out(
        self, connection: asyncpg.Connection, table: str, since: Mapping[int, datetime], now: datetime
    ) -> None:
        """Let go of days that nobody keeps, and of rows that their own site does not keep."""
        if not since:
            return
        # What is made ahead for late records would be made again.
        made = now - timedelta(days=BACK_DAYS + 1)
        for name in [row["name"] for row in await connection.fetch(_PARTITIONS, table)]:
            day = day_of(name)
            if day is not None and day + timedelta(days=1) <= min(since.values()):
                await _remove(connection, name, wholly=day < made)
            else:
                too_long = {site: at for site, at in since.items() if day is None or day < at}
                await self._delete(connection, name, too_long)

    async def _delete(
        self, connection: asyncpg.Connection, table: str, since: Mapping[int, datetime]
    ) -> None:
        if since:
            statement = _DELETE.format(table=table)
            await self._in_batches(connection, statement, list(since), list(since.values()))

    async def _delete_anybodys(
        self, connection: asyncpg.Connection, table: str, column: str, since: datetime
    ) -> None:
        await self._in_batches(connection, _DELETE_ANYBODYS.format(table=table, column=column), since)

    async def _in_batches(self, connection: asyncpg.Connection, statement: str, *args: object) -> None:
        """Run a statement that tells how many rows it has deleted until it finds no full batch any more."""
        full = f"DELETE {self._batch_rows}"
        while True:
            # The last one looks at all that stays.
            if await connection.execute(statement, *args, self._batch_rows, timeout=LONG_S) != full:
                return
            await asyncio.sleep(PAUSE_S)


async def _policies(connection: asyncpg.Connection) -> dict[int, Retention]:
    """Read each site's policy as it is published, whether or not this program can compile the rest."""
    rows = await connection.fetch(_POLICIES)
    return {row["id"]: msgspec.json.decode(row["retention"] or b"{}", type=Retention) for row in rows}


async def _remove(connection: asyncpg.Connection, name: str, *, wholly: bool) -> None:
    """Empty a day, or drop it."""
    if not wholly and not await connection.fetchval(_HAS_ROWS.format(table=name)):
        return
    async with connection.transaction():
        await connection.execute(LOCK_TIMEOUT)
        await connection.execute(f"DROP TABLE {name}" if wholly else f"TRUNCATE {name}")
