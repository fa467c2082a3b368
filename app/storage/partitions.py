"""The daily partitions of assignments, decisions and events."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from app.storage.tables import PARTITIONED

BACK_DAYS = 90

_DAY = timedelta(days=1)
_NAMED = re.compile(rf"({'|'.join(PARTITIONED)})_(\d{{8}})")

_MISSING = """
SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
WHERE to_regclass(quote_ident(name)) IS NULL ORDER BY place
"""

# Nobody waits long behind us: whoever reads or writes the default partition would.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'"


async def ensure_partitions(
    connection: asyncpg.Connection, today: date, *, back_days: int = BACK_DAYS, ahead_days: int = 7
) -> None:
    """Make the partition of each day around `today` (UTC) that is not there yet; two at once do no harm.

    What the default partition holds of a new day moves into it in the same transaction.

    Raises:
        asyncpg.LockNotAvailableError: somebody holds a default partition for too long; ask again later.

    """
    wanted = {_name(table, day): (table, day) for table, day in _days(today, back_days, ahead_days)}
    for row in await connection.fetch(_MISSING, list(wanted)):
        await _create(connection, *wanted[row["name"]])


def day_of(partition: str) -> datetime | None:
    """Tell at which instant a partition's day begins; None for the default one."""
    named = _NAMED.fullmatch(partition)
    return None if named is None else datetime.strptime(named[2], "%Y%m%d").replace(tzinfo=UTC)


def _days(today: date, back_days: int, ahead_days: int) -> Iterator[tuple[str, date]]:
    for table in PARTITIONED:
        for offset in range(-back_days, ahead_days + 1):
            yield table, today + offset * _DAY


def _name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


async def _create(connection: asyncpg.Connection, table: str, day: date) -> None:
    """Make one partition in a transaction of its own, so that no two tables' locks are ever held together."""
    name, default = _name(table, day), f"{table}_default"
    start, end = _midnight(day), _midnight(day + _DAY)
    async with connection.transaction():
        await connection.execute(LOCK_TIMEOUT)
        # The default must take no row of this day between move and attachment; this serializes us too.
        await connection.execute(f"LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE")
        if not await connection.fetch(_MISSING, [name]):
            return
        await connection.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        await connection.execute(_MOVE.format(name=name, default=default), start, end)
        await connection.execute(
            f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"
        )


_MOVE = """
WITH moved AS (DELETE FROM {default} WHERE at >= $1 AND at < $2 RETURNING *)
INSERT INTO {name} SELECT * FROM moved
"""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
