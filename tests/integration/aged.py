"""A database, and rows of some age in it."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg

from app.storage.partitions import ensure_partitions
from app.storage.retention import Keeper

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass($1)"
# Columns and values beside site, id and instant.
REST = {
    "events": (
        "visitor, name, properties, trusted, profile_only, results_only, received_at",
        "'v', 'n', '{}', false, false, false, $3",
    ),
    "assignments": (
        "experiment, unit, visitor, arm, phase, revision, first, stages, segments",
        "'e', 'v', 'v', 'a', 1, 1, true, '{}', '{}'",
    ),
    "decisions": ("visitor, revision, asked", "'v', 1, ''"),
    "stage_moves": ("visitor, journey, stage, because, revision", "'v', 'j', 's', 'w', 1"),
    "profile_changes": ("visitor, record", "'v', ''"),
    "erasures": ("visitor, erased", "'v', true"),
    "event_ids": ("", ""),
    "idempotent_answers": (
        "idempotency_key, request, status, headers, body",
        "'k', '', 200, '{}', ''",
    ),
}
# What is no `id` in its table.
IDS = {"assignments": "decision_id", "event_ids": "key", "idempotent_answers": "key_id"}


class Kept:
    """A database, and rows of some age in it."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.now = datetime.now(UTC)

    async def site(self, **policy: int) -> int:
        """Make a site; one with a policy has it published."""
        query = "INSERT INTO sites (key, identity_secret) VALUES ($1, '') RETURNING id"
        site: int = await self.pool.fetchval(query, uuid.uuid4().hex)
        if policy:
            await self.publish(site, 1, retention=policy)
        return site

    async def publish(self, site: int, number: int, **told: object) -> None:
        query = (
            "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, $2, $3, '', '')"
        )
        await self.pool.execute(query, site, number, json.dumps({"site": told}))

    async def row(self, site: int, table: str, days: float) -> None:
        """Store something that is so many days old, in the partition of its day."""
        at = self.now - timedelta(days=days)
        columns, values = REST[table]
        id_ = IDS.get(table, "id")
        instant = {"event_ids": "received_at"}.get(table, "at")
        names = ", ".join(filter(None, ["site_id", id_, instant, columns]))
        made = "$2::text" if table == "events" else "$2::text::uuid"
        places = ", ".join(filter(None, ["$1", made, "$3", values]))
        query = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - the names are this file's own
        await self.pool.execute(query, site, str(uuid.uuid4()), at)

    async def ages(self, table: str, site: int | None = None) -> list[int]:
        """Tell of what age the rows of a site are, or all of them, in days."""
        column = {"event_ids": "received_at"}.get(table, "at")
        query = f"SELECT {column} FROM {table} WHERE $1::int IS NULL OR site_id = $1"  # noqa: S608 - likewise
        return sorted((self.now - row[0]).days for row in await self.pool.fetch(query, site))

    async def day(self, days: int) -> None:
        """Make the partitions of a day that long ago."""
        day = (self.now - timedelta(days=days)).date()
        async with self.pool.acquire() as connection:
            await ensure_partitions(connection, day, back_days=0, ahead_days=0)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type

    async def has_day(self, table: str, days: int) -> bool:
        name = f"{table}_{self.now - timedelta(days=days):%Y%m%d}"
        return bool(await self.pool.fetchval(PARTITIONS, name))

    async def let_go(self, batch_rows: int = 1_000) -> None:
        await Keeper(self.pool, batch_rows=batch_rows).let_go()
