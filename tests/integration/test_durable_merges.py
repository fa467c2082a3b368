"""Merges and changes of stage, as they reach PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from msgspec.structs import replace

from app.engine.profile import Profile
from app.kit.clock import ms_of
from app.storage.postgres import Postgres
from tests.builders import journey, ruleset
from tests.integration.shipped import NOON, Shipped, shipping
from tests.sites import SiteFactory

JOURNEY = journey(
    "first",
    {"key": "second", "when": {"events.v.count": {"$gte": 2}}},
    {"key": "third", "when": {"events.v.count": {"$gte": 4}}},
)
RULES = ruleset(journeys=[JOURNEY])
MOVES = """
    SELECT visitor, came_from, stage, because, revision, extract(minute FROM at)::int AS minute
    FROM stage_moves WHERE site_id = $1 ORDER BY at, visitor
"""


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as made:
        yield made


async def moves(shipped: Shipped) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await shipped.pool.fetch(MOVES, shipped.site)]


async def views(shipped: Shipped, *visitors: str) -> list[int]:
    profiles = [await shipped.find(visitor) for visitor in visitors]
    return [profile.counters["v"].count if "v" in profile.counters else 0 for profile in profiles]


async def test_a_merge_in_a_batch_takes_over_what_came_before_it(shipped: Shipped) -> None:
    await shipped.ship(
        shipped.did("tablet", "v", 1),
        shipped.did("u-1", "v", 2),
        shipped.merged("tablet", "u-1", 3),
        shipped.did("tablet", "v", 4),
    )

    assert await views(shipped, "u-1", "tablet") == [2, 1]


async def test_a_merge_takes_over_what_was_stored_long_before(shipped: Shipped) -> None:
    await shipped.ship(shipped.did("tablet", "v", 1), shipped.taken("tablet", "treatment", 1))
    await shipped.ship(shipped.merged("tablet", "u-1", 3))

    assert await views(shipped, "u-1", "tablet") == [1, 0]
    assert (await shipped.find("u-1")).arms == (await shipped.find("tablet")).arms != {}


async def test_the_order_in_a_batch_is_that_of_instants(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 3), shipped.did("tablet", "v", 1))

    assert await views(shipped, "u-1", "tablet") == [1, 0]


async def test_several_merges_of_a_device_bring_its_news_each_time(shipped: Shipped) -> None:
    for minutes in (1, 3, 5):
        await shipped.ship(
            shipped.did("tablet", "v", minutes),
            shipped.delivered("tablet", minutes),
            shipped.merged("tablet", "u-1", minutes + 1),
        )

    assert await views(shipped, "u-1", "tablet") == [3, 0]
    assert len((await shipped.find("u-1")).caps["free-shipping"]) == 3


async def test_a_merge_of_a_device_without_a_copy_makes_both(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 1))

    assert await shipped.find("tablet") == Profile(owner="u-1")
    assert await shipped.find("u-1") == Profile(traits_ms=ms_of(NOON + timedelta(minutes=1)))
    query = "SELECT count(*) FROM profiles WHERE site_id = $1"
    assert await shipped.pool.fetchval(query, shipped.site) == 2


async def test_a_second_user_has_nothing_of_the_first(shipped: Shipped) -> None:
    await shipped.ship(shipped.did("tablet", "v", 1), shipped.merged("tablet", "u-1", 2))
    await shipped.ship(shipped.did("tablet", "v", 3), shipped.merged("tablet", "u-2", 4))

    assert await views(shipped, "u-1", "u-2", "tablet") == [1, 0, 1]


async def test_what_reaches_us_behind_its_merge_goes_over_all_the_same(shipped: Shipped) -> None:
    """As where a device's records lie in another stream than the merge, and that was shipped first."""
    await shipped.ship(shipped.merged("tablet", "u-1", 50))
    await shipped.ship(
        shipped.did("tablet", "v", 1), shipped.did("tablet", "v", 60), shipped.set("tablet", 2, plan="gold")
    )

    assert await views(shipped, "u-1", "tablet") == [1, 1]
    assert [(await shipped.find(who)).traits for who in ("u-1", "tablet")] == [{"plan": "gold"}, {}]


async def test_a_merge_that_reaches_us_behind_what_the_device_did_since_leaves_it_that(
    shipped: Shipped,
) -> None:
    """As where somebody logged out, and what followed lies in another stream, which was shipped first."""
    await shipped.ship(
        *(shipped.did("tablet", "v", minutes) for minutes in (1, 60)),
        shipped.delivered("tablet", 61),
        shipped.said("tablet", 62, analytics=True),
    )
    await shipped.ship(shipped.did("u-1", "v", 70), shipped.merged("tablet", "u-1", 50))

    assert await views(shipped, "u-1", "tablet") == [2, 1]
    user, device = await shipped.find("u-1"), await shipped.find("tablet")
    assert (user.caps, user.consent, device.owner) == ({}, {}, "u-1")


async def test_a_device_knows_since_when_it_was_seen_though_that_reaches_us_behind_its_merge(
    shipped: Shipped,
) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 50))
    shipped.folded.clear()
    await shipped.ship(first := shipped.did("tablet", "v", 1), shipped.did("tablet", "v", 2))

    device = await shipped.find("tablet")
    assert (device.first_ms, device.events) == (first.at_ms, 0)
    assert shipped.folded == {(shipped.site, "tablet"), (shipped.site, "u-1")}


async def test_what_a_device_keeps_it_keeps_however_late_it_comes(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 50))
    await shipped.ship(
        shipped.taken("tablet", "control", 1),
        shipped.delivered("tablet", 2),
        shipped.said("tablet", 3, a=True),
    )

    user, device = await shipped.find("u-1"), await shipped.find("tablet")
    assert (user.arms, user.caps, user.consent) == (device.arms, device.caps, device.consent)
    assert set(device.arms) == {"hero-copy"}


async def test_what_a_device_tells_late_is_its_own(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 50))
    await shipped.ship(shipped.told(60, shipped.did("tablet", "v", 1)))

    assert await views(shipped, "u-1", "tablet") == [0, 1]


async def test_a_merge_in_the_same_batch_is_no_merge_of_before(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 50))
    did = shipped.did("tablet", "v", 60), shipped.did("other", "v", 1)
    await shipped.ship(shipped.merged("tablet", "u-1", 70), *did)

    assert await views(shipped, "u-1", "tablet", "other") == [1, 0, 1]


async def test_after_an_undoing_what_comes_late_is_the_devices(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "u-1", 50))
    await shipped.ship(shipped.unmerged("tablet", "u-1", 70))
    await shipped.ship(shipped.did("tablet", "v", 1))

    assert await views(shipped, "u-1", "tablet") == [0, 1]


async def test_a_merge_that_comes_twice_is_done_once(shipped: Shipped) -> None:
    merge = shipped.merged("tablet", "u-1", 2)
    await shipped.ship(shipped.did("tablet", "v", 1), merge)
    await shipped.ship(merge, shipped.did("tablet", "v", 3), merge)

    assert await views(shipped, "u-1", "tablet") == [1, 1]


async def test_changes_of_stage_are_told_with_their_cause(shipped: Shipped) -> None:
    await shipped.ship(*(shipped.did("v-1", "v", n) for n in (1, 2)), shipped.did("v-2", "v", 3))

    assert await moves(shipped) == [
        ("v-1", None, "first", "first.first", 1, 1),
        ("v-1", "first", "second", "second.when", 1, 2),
        ("v-2", None, "first", "first.first", 1, 3),
    ]


async def test_a_merge_that_moves_the_user_is_told(shipped: Shipped) -> None:
    await shipped.ship(*(shipped.did("tablet", "v", n) for n in (1, 2, 3)), shipped.did("u-1", "v", 4))
    await shipped.ship(shipped.merged("tablet", "u-1", 5))

    assert (await moves(shipped))[-1] == ("u-1", "first", "third", "third.when", 1, 5)


async def test_what_is_folded_twice_is_told_once(shipped: Shipped) -> None:
    """As after a copy was lost, and its records were folded in again."""
    records = [shipped.did("v-1", "v", n) for n in (1, 2, 3)]
    await shipped.ship(*records)
    told = await moves(shipped)

    await shipped.pool.execute("DELETE FROM profiles WHERE site_id = $1", shipped.site)
    async with shipped.pool.acquire() as connection, connection.transaction():
        await shipped.durable.fold_in(connection, records)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type

    assert await moves(shipped) == told


async def test_who_moves_nowhere_tells_nothing(shipped: Shipped) -> None:
    shipped.rules = None
    await shipped.ship(shipped.did("v-1", "v", 1))

    assert await moves(shipped) == []


async def test_each_change_names_the_revision_in_force(shipped: Shipped) -> None:
    await shipped.ship(shipped.did("v-1", "v", 1))
    shipped.rules = replace(RULES, revision=7)
    await shipped.ship(shipped.did("v-1", "v", 2))

    assert [move[4] for move in await moves(shipped)] == [1, 7]
