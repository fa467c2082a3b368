"""A site with any number of assigned units and three times as many events, made in SQL."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import asyncpg

from app.storage.partitions import ensure_partitions

EXPERIMENT = "hero-copy"
DAYS, WINDOW_DAYS, BEFORE_DAYS = 30, 14, 7
# As many ways of each as a shop has.
STAGES = ("awareness", "consideration", "decision", "retention", "advocacy")
SEGMENTS, DEVICES, COUNTRIES = 10, ("mobile", "desktop", "tablet", "tv"), 30

_TABLES = ("assignments", "events")
_AT_ONCE = 2

# Units come in evenly over the days; what else there is to one follows from its number, so that two runs
# make the same. `hash` draws a number of a unit: `hash(7) % 4` is one of four.
_UNITS = """
    SELECT n, 'v-' || lpad(to_hex(hashint8extended(n, 0)), 16, '0') AS visitor,
           $2::timestamptz + (n - $3) * interval '1 day' / greatest(1, $4 - $3) AS at
    FROM generate_series($3::bigint, $4::bigint - 1) AS n
"""
_DRAWN = "((hashint8extended(n, {seed}) & 9007199254740991) % {among})::int"

_ASSIGN = """
    INSERT INTO assignments (site_id, decision_id, experiment, unit, visitor, arm, phase, revision, first,
                             stage, stages, segments, device, country, at)
    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, '{experiment}', visitor, visitor,
           CASE {arm} WHEN 0 THEN 'control' ELSE 'treatment' END, 1, 1, true,
           stage, jsonb_build_object('purchase', stage),
           ARRAY['segment-' || {one}, 'segment-' || {other}], ({devices})[1 + {device}],
           chr(65 + (20 + {country}) / 26) || chr(65 + (20 + {country}) % 26), at
    FROM (SELECT *, ({stages})[1 + {stage}] AS stage FROM ({units}) AS units) AS staged
"""

# Of each unit: its exposure or a page; a product; an order of one in eight, else another product. Some came
# before the assignment.
_ACT = """
    INSERT INTO events (site_id, id, visitor, name, properties, at, received_at, trusted, profile_only,
                        results_only)
    SELECT $1, 'e-' || lpad(to_hex(hashint8extended(n, 7 + k)), 16, '0'), visitor, name,
           CASE name
               WHEN '$exposure' THEN jsonb_build_object(
                   'decision_id', lpad(to_hex(n), 32, '0')::uuid, 'placement', 'home.hero')
               WHEN 'order_completed' THEN jsonb_build_object('value', {value} / 100.0, 'currency', 'EUR')
               ELSE jsonb_build_object('category', 'bikes', 'sku', 'B-' || {value})
           END, happened, happened, false, false, false
    FROM (
        SELECT *, CASE
                WHEN k = 1 AND {exposed} < 8 THEN '$exposure'
                WHEN k = 1 THEN 'page_viewed'
                WHEN k = 3 AND {ordered} = 0 THEN 'order_completed'
                ELSE 'product_viewed'
            END AS name,
            at + CASE WHEN k = 1 THEN interval '1 second'
                      ELSE {hour} * interval '1 hour' - interval '{before} days' END AS happened
        FROM ({units}) AS units, generate_series(1, 3) AS k
    ) AS acts
    ORDER BY happened::date
"""


def document(cap: dict[str, float] | None = None) -> dict[str, Any]:
    """The site's document: two arms, judged by orders, revenue with what it was before, and products seen."""
    ordered = {"event": "order_completed", "window_days": WINDOW_DAYS}
    revenue = {
        **ordered,
        "key": "revenue",
        "kind": "mean",
        "property": "value",
        "covariate_days": BEFORE_DAYS,
    }
    seen = {"key": "views", "kind": "count", "event": "product_viewed", "window_days": WINDOW_DAYS}
    arms = [{"key": key, "variants": {"home.hero": shown}} for key, shown in _ARMS]
    judged = {"status": "running", "phase": 1, "primary_metric": "orders"}
    return {
        "placements": [{"key": "home.hero", "default": "a", "variants": [_variant("a"), _variant("b")]}],
        "metrics": [{**ordered, "key": "orders"}, revenue | ({"cap": cap} if cap else {}), seen],
        "experiments": [
            {
                "key": EXPERIMENT,
                "arms": arms,
                **judged,
                "metrics": [{"metric": "revenue"}, {"metric": "views"}],
            }
        ],
    }


_ARMS = (("control", "a"), ("treatment", "b"))


def _variant(key: str) -> dict[str, Any]:
    return {"key": key, "content": {"title": key}}


async def make_site(pool: asyncpg.Pool) -> int:
    """Make a site whose document is in force; answers its id."""
    made = "INSERT INTO sites (key, identity_secret) VALUES ('many-units', '') RETURNING id"
    site: int = await pool.fetchval(made)
    await publish(pool, site, 1, document())
    return site


async def publish(pool: asyncpg.Pool, site: int, number: int, revision: dict[str, Any]) -> None:
    """Put a document in force."""
    await pool.execute(
        "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, $2, $3, 'bench', '')",
        site,
        number,
        json.dumps(revision),
    )


async def make_units(pool: asyncpg.Pool, site: int, units: int, today: date) -> None:
    """Make so many assigned units over thirty days, the windows of the last of which are just over."""
    async with pool.acquire() as connection:
        await ensure_partitions(connection, today)  # type: ignore[arg-type] # what a pool lends is one in all but its type
    start = datetime.combine(today, time(), UTC) - timedelta(days=DAYS + WINDOW_DAYS + 1)
    indexes = [made for table in _TABLES for made in await _drop_indexes(pool, table)]
    jobs = [_job(pool, site, units, start, day, table) for day in range(DAYS) for table in _TABLES]
    await _together(jobs)
    await _together([_execution(pool, index) for index in indexes])
    for table in _TABLES:
        await pool.execute(f"ANALYZE {table}")
    await pool.execute("CHECKPOINT")


Job = Callable[[], Awaitable[None]]


async def _together(jobs: Sequence[Job]) -> None:
    """Work jobs off, as many at once as there are processors."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await job()

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())


def _job(pool: asyncpg.Pool, site: int, units: int, start: datetime, day: int, table: str) -> Job:
    first, end = units * day // DAYS, units * (day + 1) // DAYS
    statement = _assigning() if table == "assignments" else _acting()
    return _execution(pool, statement, site, start + timedelta(days=day), first, end)


def _execution(pool: asyncpg.Pool, statement: str, *given: object) -> Job:
    async def execute() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = off")
            await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            await connection.execute(statement, *given)

    return execute


def _assigning() -> str:
    texts = {"stages": _array(STAGES), "devices": _array(DEVICES), "units": _UNITS, "experiment": EXPERIMENT}
    among = {
        "arm": 2,
        "one": SEGMENTS,
        "other": SEGMENTS,
        "device": len(DEVICES),
        "country": COUNTRIES,
        "stage": len(STAGES),
    }
    return _ASSIGN.format(**texts, **_draws(among))


def _acting() -> str:
    hours = 24 * (WINDOW_DAYS + BEFORE_DAYS)
    draws = _draws({"value": 20_000, "exposed": 10, "ordered": 8, "hour": hours})
    # The hour, and what was bought, differ between the events of one unit.
    for name in ("value", "hour"):
        draws[name] = draws[name].replace("(n, ", "(n * 4 + k, ")
    return _ACT.format(units=_UNITS, before=BEFORE_DAYS, **draws)


def _draws(among: dict[str, int]) -> dict[str, str]:
    return {
        name: _DRAWN.format(seed=100 + place, among=count)
        for place, (name, count) in enumerate(among.items())
    }


def _array(texts: Sequence[str]) -> str:
    return "ARRAY['" + "', '".join(texts) + "']"


async def _drop_indexes(pool: asyncpg.Pool, table: str) -> list[str]:
    """Drop what makes inserts slow; answers the statements that make it again, for all partitions at once."""
    keys = await pool.fetch(_KEYS, table)
    others = await pool.fetch(_INDEXES, table)
    for row in keys:
        await pool.execute(f"ALTER TABLE {table} DROP CONSTRAINT {row['name']}")
    for row in others:
        await pool.execute(f"DROP INDEX {row['name']}")
    return [row["made"].replace(" ON ONLY ", " ON ") for row in (*keys, *others)]


_KEYS = """
    SELECT conname AS name,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', $1::text, conname, pg_get_constraintdef(oid))
        AS made
    FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'p'
"""
_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made
    FROM pg_index WHERE indrelid = $1::text::regclass AND NOT indisprimary
"""
