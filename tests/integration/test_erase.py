"""Visitors who are erased: what goes from PostgreSQL, what stays, and what comes too late to be stored."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import Event, Record
from app.journal.append import FileJournal
from app.journal.ship import Shipper
from app.storage.postgres import Postgres
from tests.builders import journey, ruleset
from tests.integration.shipped import Shipped, shipping
from tests.sites import SiteFactory

RULES = ruleset(journeys=[journey("first", {"key": "second", "when": {"events.v.count": {"$gte": 2}}})])
USER = "$user:u-1"
TABLES = ("events", "assignments", "decisions", "profile_changes", "stage_moves", "profiles")


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as made:
        yield made


async def rows(shipped: Shipped, visitor: str) -> dict[str, int]:
    """Count what is stored of a visitor, table by table; those without any are left out."""
    query = "SELECT count(*) FROM {} WHERE site_id = $1 AND visitor = $2"
    counts = [await shipped.pool.fetchval(query.format(table), shipped.site, visitor) for table in TABLES]
    return {table: count for table, count in zip(TABLES, counts, strict=True) if count}


def life(shipped: Shipped, visitor: str, minutes: float = 0) -> list[Record]:
    """A record of every kind, and two that move the stage."""
    return [
        shipped.did(visitor, "v", minutes),
        shipped.did(visitor, "v", minutes),
        shipped.taken(visitor, "control", minutes),
        shipped.delivered(visitor, minutes),
        shipped.said(visitor, minutes, analytics=True),
        shipped.set(visitor, minutes, plan="gold"),
        shipped.decided(visitor, minutes),
    ]


async def views(shipped: Shipped, *visitors: str) -> list[int]:
    return [(await shipped.find(visitor)).events for visitor in visitors]


LIVED = {"events": 2, "assignments": 1, "decisions": 1, "profile_changes": 3, "stage_moves": 2, "profiles": 1}


async def test_all_that_is_stored_of_a_visitor_goes_and_nothing_of_another(shipped: Shipped) -> None:
    await shipped.ship(*life(shipped, "v-1"), *life(shipped, "v-2"))
    assert [await rows(shipped, visitor) for visitor in ("v-1", "v-2")] == [LIVED, LIVED]
    others = await shipped.find("v-2")

    await shipped.ship(shipped.erased("v-1", 1))

    assert [await rows(shipped, visitor) for visitor in ("v-1", "v-2")] == [{}, LIVED]
    assert [await shipped.find(visitor) for visitor in ("v-1", "v-2")] == [Profile(), others]


async def test_no_site_erases_the_visitors_of_another(
    shipped: Shipped, postgres: Postgres, new_site: SiteFactory, tmp_path: Path
) -> None:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path / "other", RULES) as other:
        for one in (shipped, other):
            await one.ship(*life(one, "v-1"))
        await other.ship(other.erased("v-1", 1))

        assert [await rows(one, "v-1") for one in (shipped, other)] == [LIVED, {}]


async def test_what_stands_before_a_tombstone_in_its_own_batch_goes_too(shipped: Shipped) -> None:
    await shipped.ship(*life(shipped, "v-1"), *life(shipped, "v-2"), shipped.erased("v-1", 1))

    assert [await rows(shipped, visitor) for visitor in ("v-1", "v-2")] == [{}, LIVED]


@pytest.mark.parametrize("batches", [1, 2, 3])
async def test_what_comes_after_the_tombstone_begins_a_new_profile(shipped: Shipped, batches: int) -> None:
    records = [*life(shipped, "v-1"), shipped.erased("v-1", 1), shipped.did("v-1", "v", 2)]
    cuts = {1: [records], 2: [records[:-1], records[-1:]], 3: [records[:-2], records[-2:-1], records[-1:]]}

    for batch in cuts[batches]:
        await shipped.ship(*batch)

    assert await rows(shipped, "v-1") == {"events": 1, "stage_moves": 1, "profiles": 1}
    begun = await shipped.find("v-1")
    assert (begun.events, begun.traits, begun.arms, begun.stages["purchase"].stage) == (1, {}, {}, "first")


async def test_what_is_kept_for_the_profile_alone_is_told_by_no_fold(shipped: Shipped) -> None:
    seen = replace(shipped.did("v-1", "v", 2), profile_only=True)
    await shipped.ship(shipped.did("v-1", "v", 1), seen)
    assert (await rows(shipped, "v-1"))["stage_moves"] == 1
    assert (await shipped.find("v-1")).stages["purchase"].stage == "second"

    await shipped.ship(shipped.erased("v-1", 1))

    assert await rows(shipped, "v-1") == {"events": 1, "profiles": 1}
    assert [move.stage for move in (await shipped.find("v-1")).moves] == ["first"]


@pytest.mark.parametrize("batches", [1, 2])
async def test_what_was_decided_as_of_an_instant_to_come_goes_too(shipped: Shipped, batches: int) -> None:
    in_a_century = 100 * 366 * 24 * 60
    told = [
        shipped.told(0, one) if isinstance(one, Event) else one for one in life(shipped, "v-1", in_a_century)
    ]
    records = [*told, *life(shipped, "v-2", in_a_century), shipped.erased("v-1", 1)]
    cut = {1: 0, 2: -1}[batches]

    for batch in (records[:cut], records[cut:]):
        await shipped.ship(*batch)

    assert [await rows(shipped, visitor) for visitor in ("v-1", "v-2")] == [{}, LIVED]
    assert await shipped.find("v-1") == Profile()


async def test_what_came_after_the_tombstone_and_is_stored_before_it_stays(shipped: Shipped) -> None:
    await shipped.ship(*life(shipped, "v-1"), *life(shipped, "v-1", 2))

    await shipped.ship(shipped.erased("v-1", 1))

    assert await rows(shipped, "v-1") == LIVED
    assert await views(shipped, "v-1") == [2]


async def test_what_came_before_and_is_stored_late_is_discarded(shipped: Shipped) -> None:
    await shipped.ship(shipped.erased("v-1", 1))
    merge = shipped.merged("v-1", USER, 0)

    await shipped.ship(*life(shipped, "v-1", 1), merge, *life(shipped, "v-2"), shipped.did("v-1", "v", 2))

    assert await rows(shipped, "v-1") == {"events": 1, "stage_moves": 1, "profiles": 1}
    assert [await rows(shipped, visitor) for visitor in ("v-2", USER)] == [LIVED, {}]


async def test_an_event_of_long_ago_that_is_told_after_the_tombstone_is_news(shipped: Shipped) -> None:
    await shipped.ship(shipped.erased("v-1", 1))

    await shipped.ship(shipped.told(2, shipped.did("v-1", "v", -60)))

    assert await views(shipped, "v-1") == [1]


async def test_two_tombstones_take_what_stands_before_the_later_one(shipped: Shipped) -> None:
    await shipped.ship(shipped.erased("v-1", 5))

    await shipped.ship(shipped.erased("v-1", 1), shipped.did("v-1", "v", 3), shipped.did("v-1", "v", 6))

    assert await rows(shipped, "v-1") == {"events": 1, "stage_moves": 1, "profiles": 1}


async def test_what_a_device_brought_to_a_user_leaves_with_it(shipped: Shipped) -> None:
    await shipped.ship(shipped.did(USER, "v", 0), *life(shipped, "v-1"), *life(shipped, "v-2"))
    await shipped.ship(shipped.merged("v-1", USER, 1), shipped.merged("v-2", USER, 1))
    assert await views(shipped, USER) == [5]

    await shipped.ship(shipped.erased("v-1", 2))

    assert await views(shipped, USER, "v-1") == [3, 0]
    assert [await rows(shipped, visitor) for visitor in ("v-1", "v-2")] == [
        {},
        {**LIVED, "profile_changes": 4},
    ]
    # The user was not erased: what comes late is the user's own.
    await shipped.ship(shipped.did(USER, "v", 0))
    assert await views(shipped, USER) == [4]


async def test_with_a_user_go_the_devices_that_are_theirs(shipped: Shipped) -> None:
    everybody = ("v-1", "v-2", "v-3", USER)
    await shipped.ship(*(record for visitor in everybody for record in life(shipped, visitor)))
    await shipped.ship(shipped.merged("v-1", USER, 1), shipped.merged("v-2", USER, 1))
    await shipped.ship(shipped.unmerged("v-2", USER, 2))

    await shipped.ship(shipped.erased(USER, 3))

    alone = {**LIVED, "profile_changes": 5}
    assert [await rows(shipped, visitor) for visitor in everybody] == [{}, alone, LIVED, {}]
    await shipped.ship(*life(shipped, "v-1", 2))
    assert await rows(shipped, "v-1") == {}


async def test_a_device_that_came_to_the_user_after_the_tombstone_stays(shipped: Shipped) -> None:
    await shipped.ship(*life(shipped, USER), *life(shipped, "v-1"), shipped.merged("v-1", USER, 2))

    await shipped.ship(shipped.erased(USER, 1))

    assert await rows(shipped, "v-1") == {**LIVED, "profile_changes": 4}
    assert await views(shipped, USER) == [2]


async def test_a_device_that_went_on_to_another_user_leaves_that_one_too(shipped: Shipped) -> None:
    await shipped.ship(
        *life(shipped, "v-1"), shipped.merged("v-1", USER, 1), shipped.unmerged("v-1", USER, 3)
    )
    await shipped.ship(shipped.merged("v-1", "$user:u-2", 4))
    assert await views(shipped, USER, "$user:u-2") == [0, 2]

    await shipped.ship(shipped.erased("v-1", 2))

    assert await views(shipped, USER, "$user:u-2") == [0, 0]


@pytest.mark.parametrize("batches", [1, 2])
async def test_a_merge_that_reaches_us_behind_the_users_tombstone_takes_its_device_along(
    shipped: Shipped, batches: int
) -> None:
    await shipped.ship(*life(shipped, USER), *life(shipped, "v-1"))
    records: list[Record] = [shipped.erased(USER, 2), shipped.merged("v-1", USER, 1)]

    if batches == 1:
        await shipped.ship(*reversed(records))
    else:
        for record in records:
            await shipped.ship(record)

    assert [await rows(shipped, visitor) for visitor in (USER, "v-1")] == [{}, {}]


async def test_a_merge_behind_several_tombstones_of_the_user_takes_its_device_along_as_each_found_it(
    shipped: Shipped,
) -> None:
    for minutes in (5, 9):
        await shipped.ship(shipped.erased(USER, minutes))

    await shipped.ship(
        shipped.merged("tablet", USER, 1), *life(shipped, "tablet", 3), shipped.unmerged("tablet", USER, 7)
    )

    assert await rows(shipped, "tablet") == {"profile_changes": 1}


async def test_a_tombstone_of_a_stranger_is_noted_and_nothing_else(shipped: Shipped) -> None:
    await shipped.ship(shipped.erased("nobody", 1))

    assert await rows(shipped, "nobody") == {}
    query = "SELECT count(*) FROM erasures WHERE site_id = $1 AND visitor = 'nobody' AND erased"
    assert await shipped.pool.fetchval(query, shipped.site) == 1


async def test_hosts_that_ship_at_the_same_time_bring_nothing_back(shipped: Shipped, tmp_path: Path) -> None:
    hosts = []
    for number in range(4):
        journal = FileJournal(tmp_path / f"host-{number}")
        hosts.append((journal, Shipper(tmp_path / f"host-{number}", shipped.pool, shipped.durable)))
        for _ in range(20):
            await journal.append(life(shipped, "v-1") + life(shipped, f"v-2-{number}"))
    await hosts[0][0].append([shipped.erased("v-1", 1)])

    await asyncio.gather(*(shipper.ship_once() for _, shipper in hosts))

    for journal, _ in hosts:
        journal.close()
    assert await rows(shipped, "v-1") == {}
    assert [await views(shipped, f"v-2-{number}") for number in range(4)] == [[40]] * 4
