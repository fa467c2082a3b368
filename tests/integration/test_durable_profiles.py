"""The durable copies, as the shipper folds records into them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest_asyncio

from app.engine.profile import Counter, Profile
from app.engine.records import Assignment, Event, Record
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.profiles.durable import DurableProfiles
from app.storage.postgres import Postgres
from tests.builders import assignment, ruleset, segment
from tests.sites import SiteFactory
from tests.waiting import until

RULES = ruleset(
    segments=[
        segment("viewed", {"events.page_viewed.count": {"$gte": 1}}),
        segment("bikes", {"events.page_viewed.last_category": "bikes"}),
    ]
)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock')"


class Copies:
    """The durable copies of one site."""

    def __init__(self, postgres: Postgres, site: int, rules: Ruleset | None = RULES) -> None:
        self.pool = postgres.pool
        self.site = site
        self.durable = DurableProfiles(postgres.pool, {site: rules}.get)

    def viewed(self, visitor: str = "v-1", *, minutes: int = 0, category: str = "", **fields: Any) -> Event:
        at_ms = ms_of(NOON + timedelta(minutes=minutes))
        properties = {"category": category} if category else {}
        return Event(self.site, visitor, f"e-{minutes}", "page_viewed", properties, at_ms, at_ms, **fields)

    def taken(self, arm: str, *, minutes: int = 0, **fields: Any) -> Assignment:
        at = NOON + timedelta(minutes=minutes)
        return assignment("hero-copy", arm, at, **{"site": self.site, **fields})

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection  # type: ignore[misc] # what a pool lends is a connection in all but its type

    async def fold_in(self, *records: Record) -> None:
        async with self.transaction() as connection:
            await self.durable.fold_in(connection, records)

    async def find(self, visitor: str = "v-1") -> Profile | None:
        return await self.durable.find(self.site, visitor)

    async def views(self, visitor: str = "v-1") -> Counter:
        profile = await self.find(visitor)
        assert profile is not None
        return profile.counters["page_viewed"]

    async def spoil(self) -> None:
        await self.pool.execute("UPDATE profiles SET body = '\\x00' WHERE site_id = $1", self.site)


@pytest_asyncio.fixture
async def copies(postgres: Postgres, new_site: SiteFactory) -> Copies:
    return Copies(postgres, (await new_site()).site_id)


async def test_a_stranger_has_no_copy(copies: Copies) -> None:
    assert await copies.find() is None


async def test_records_are_folded_into_the_copies_they_touch(copies: Copies) -> None:
    await copies.fold_in(
        copies.viewed("v-1"), copies.viewed("v-2", minutes=1), copies.viewed("v-1", minutes=2)
    )

    assert (await copies.views("v-1")).count == 2
    assert (await copies.views("v-2")).count == 1


async def test_a_copy_goes_on_from_what_it_was(copies: Copies) -> None:
    for minutes in range(3):
        await copies.fold_in(copies.viewed(minutes=minutes))

    assert (await copies.views()).count == 3


async def test_arms_are_kept_in_the_copy(copies: Copies) -> None:
    await copies.fold_in(copies.taken("control"))
    await copies.fold_in(copies.taken("treatment", minutes=1))

    profile = await copies.find()
    assert profile is not None
    assert profile.arms["hero-copy"].arm == "control"


async def test_the_records_of_a_batch_are_folded_in_the_order_of_their_instants(copies: Copies) -> None:
    await copies.fold_in(
        copies.viewed(minutes=2, category="bikes"),
        copies.viewed(minutes=1, category="skates"),
        copies.taken("b"),
    )

    assert (await copies.views()).latest == {"category": "bikes"}


async def test_what_serves_results_alone_leaves_no_trace_in_profiles(copies: Copies) -> None:
    await copies.fold_in(copies.viewed(results_only=True), copies.taken("control", results_only=True))

    assert await copies.find() is None


async def test_what_serves_profiles_alone_is_folded(copies: Copies) -> None:
    await copies.fold_in(copies.viewed(profile_only=True))

    assert (await copies.views()).count == 1


async def test_nothing_to_fold_is_no_failure(copies: Copies) -> None:
    await copies.fold_in()


async def test_a_site_that_published_nothing_keeps_what_needs_no_ruleset(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    copies = Copies(postgres, (await new_site()).site_id, rules=None)

    await copies.fold_in(copies.viewed(), copies.taken("control"))

    profile = await copies.find()
    assert profile is not None
    assert (profile.first_ms, profile.counters) == (ms_of(NOON), {})
    assert set(profile.arms) == {"hero-copy"}


async def test_a_transaction_that_fails_changes_no_copy(copies: Copies) -> None:
    await copies.fold_in(copies.viewed())

    async with copies.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await copies.durable.fold_in(connection, [copies.viewed(minutes=1)])  # type: ignore[arg-type] # what a pool lends is a connection in all but its type
        await transaction.rollback()

    assert (await copies.views()).count == 1


async def test_a_copy_that_cannot_be_read_begins_anew(copies: Copies) -> None:
    await copies.fold_in(copies.viewed())
    await copies.spoil()
    assert await copies.find() is None

    await copies.fold_in(copies.viewed(minutes=1))

    assert (await copies.views()).count == 1


async def test_two_shippers_that_fold_the_same_visitors_at_once_lose_nothing(copies: Copies) -> None:
    """The second waits for the first, also where neither has ever seen the visitors."""
    visitors = [f"v-{number}" for number in range(50)]
    async with copies.transaction() as first:
        await copies.durable.fold_in(first, [copies.viewed(visitor) for visitor in visitors])
        waiting = asyncio.Event()
        second = asyncio.create_task(fold_backwards(copies, visitors, waiting))
        await waiting.wait()
    await second

    assert [(await copies.views(visitor)).count for visitor in visitors] == [2] * 50


async def fold_backwards(copies: Copies, visitors: list[str], waiting: asyncio.Event) -> None:
    records = [copies.viewed(visitor, minutes=1) for visitor in reversed(visitors)]
    async with copies.transaction() as connection:
        process = connection.get_server_pid()

        async def waits() -> bool:
            return bool(await copies.pool.fetchval(WAITS, process))

        async with asyncio.TaskGroup() as group:
            group.create_task(copies.durable.fold_in(connection, records))
            await until(waits)
            waiting.set()


async def test_a_stored_copy_is_what_the_codec_writes(copies: Copies) -> None:
    await copies.fold_in(copies.viewed())

    body = await copies.pool.fetchval("SELECT body FROM profiles WHERE site_id = $1", copies.site)

    assert msgspec.msgpack.decode(body[8:])[:2] == [ms_of(NOON), ms_of(NOON)]
