"""A merge that is undone: both sides are folded anew from what is stored."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import Record
from app.kit.clock import ms_of
from app.profiles.fold import fold
from app.profiles.merge import left_behind
from app.profiles.refold import refold
from app.profiles.stored import stored_records
from app.storage.postgres import Postgres
from tests.builders import journey, ruleset, segment
from tests.integration.shipped import NOON, Shipped, shipping
from tests.sites import SiteFactory

RULES = ruleset(
    segments=[
        segment("asks", {"events.v.count_7d": 1, "events.v.count_since_o": 1, "events.v.last_category": None})
    ],
    journeys=[
        journey(
            "first",
            {"key": "second", "when": {"events.v.count": {"$gte": 2}}},
            {"key": "third", "when": {"events.v.count": {"$gte": 4}}},
        )
    ],
)


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as made:
        yield made


def folded(*records: Record) -> Profile:
    return fold(Profile(), sorted(records, key=lambda record: record.at_ms), RULES)


async def anew(shipped: Shipped, visitor: str) -> Profile:
    async with shipped.pool.acquire() as connection, connection.transaction():
        return (await refold(connection, shipped.site, visitor, shipped.rules))[0]  # type: ignore[arg-type] # what a pool lends is a connection in all but its type


def of_every_kind(shipped: Shipped, visitor: str, minutes: int) -> list[Record]:
    return [
        shipped.did(visitor, "v", minutes, category="bikes", nested={"a": [1, None, 0.5]}),
        shipped.did(visitor, "o", minutes + 1),
        shipped.did(visitor, "v", minutes + 2, category=visitor),
        shipped.taken(visitor, "control", minutes + 3),
        shipped.taken(visitor, "treatment", minutes + 4),
        shipped.delivered(visitor, minutes + 5),
        shipped.said(visitor, minutes + 6, analytics=True),
        shipped.set(visitor, minutes + 7, plan={"tier": "gold"}),
    ]


async def test_what_is_folded_anew_is_what_was_folded_bit_by_bit(shipped: Shipped) -> None:
    for record in of_every_kind(shipped, "v-1", 0):
        await shipped.ship(record)

    again = await anew(shipped, "v-1")

    assert again == await shipped.find("v-1")
    assert (again.events, again.asked) == (3, RULES.asked)
    assert again.traits == {"plan": {"tier": "gold"}}


async def test_nothing_is_known_of_a_stranger(shipped: Shipped) -> None:
    assert await anew(shipped, "v-1") == Profile()


async def test_others_have_no_part_in_it(shipped: Shipped) -> None:
    mine = of_every_kind(shipped, "v-1", 0)
    await shipped.ship(*mine, *of_every_kind(shipped, "v-2", 1))

    assert await anew(shipped, "v-1") == folded(*mine)


async def test_what_may_serve_results_alone_is_left_out(shipped: Shipped) -> None:
    unseen = shipped.taken("v-1", "control", 0, results_only=True)
    await shipped.ship(unseen, seen := shipped.taken("v-1", "treatment", 1))

    assert await anew(shipped, "v-1") == folded(seen)


async def test_events_at_one_instant_are_folded_in_the_order_of_their_ids(shipped: Shipped) -> None:
    first, second = shipped.did("v-1", "v", category="first"), shipped.did("v-1", "v", category="second")
    await shipped.ship(second, first)

    assert (await anew(shipped, "v-1")).counters["v"].latest == {"category": "second"}
    assert await anew(shipped, "v-1") == await shipped.find("v-1")


async def test_what_devices_of_a_user_did_under_one_id_is_read_in_one_order(shipped: Shipped) -> None:
    one = shipped.did("b", "v")
    await shipped.ship(*(replace(one, visitor=visitor) for visitor in ("c", "a", "b")))

    async def read(**settings: str) -> list[str]:
        async with shipped.pool.acquire() as connection, connection.transaction():
            for name, value in settings.items():
                await connection.execute(f"SET LOCAL {name} = {value}")
            records = stored_records(connection, shipped.site, ["c", "b", "a"])  # type: ignore[arg-type] # what a pool lends is a connection in all but its type
            return [record.visitor async for record in records]

    # Whichever way they are found: as they lie there, or by their index.
    for found in (
        await read(enable_indexscan="off", enable_bitmapscan="off"),
        await read(enable_seqscan="off"),
    ):
        assert found == ["a", "b", "c"]


async def test_more_events_than_are_read_at_once_are_all_folded(shipped: Shipped) -> None:
    await shipped.ship(*(shipped.did("v-1", "v", n) for n in range(350)))

    assert await anew(shipped, "v-1") == await shipped.find("v-1")


async def test_what_a_device_told_after_its_merge_is_its_own(shipped: Shipped) -> None:
    told = shipped.told(60, shipped.did("tablet", "v", 2))
    early = shipped.told(3, shipped.did("tablet", "v", 55))
    await shipped.ship(early, shipped.merged("tablet", "u-1", 50))
    await shipped.ship(told)

    assert await anew(shipped, "tablet") == replace(folded(told), owner="u-1")
    assert await anew(shipped, "u-1") == folded(early)


async def test_without_a_revision_it_is_folded_as_far_as_can_be(shipped: Shipped) -> None:
    shipped.rules = None
    await shipped.ship(*of_every_kind(shipped, "v-1", 0))

    assert await anew(shipped, "v-1") == await shipped.find("v-1")


async def test_a_user_who_is_folded_anew_still_has_all_devices(shipped: Shipped) -> None:
    tablet, phone = of_every_kind(shipped, "tablet", 0), of_every_kind(shipped, "phone", 20)
    own = of_every_kind(shipped, "u-1", 60)
    merges = [shipped.merged("tablet", "u-1", 50), shipped.merged("phone", "u-1", 51)]
    await shipped.ship(*tablet, *phone, *own, *merges)

    assert await anew(shipped, "u-1") == folded(*tablet, *phone, *own)


async def test_a_device_that_was_taken_over_has_what_it_did_since(
    shipped: Shipped,
) -> None:
    before, after = of_every_kind(shipped, "tablet", 0), of_every_kind(shipped, "tablet", 60)
    await shipped.ship(*before, shipped.merged("tablet", "u-1", 50), *after)

    assert await anew(shipped, "tablet") == fold(left_behind(folded(*before), "u-1"), after, RULES)
    assert await anew(shipped, "tablet") == await shipped.find("tablet")
    assert await anew(shipped, "u-1") == folded(*before)


async def test_a_device_that_did_nothing_since_knows_whose_it_is(shipped: Shipped) -> None:
    before = of_every_kind(shipped, "tablet", 0)
    await shipped.ship(*before, shipped.merged("tablet", "u-1", 50))

    assert await anew(shipped, "tablet") == left_behind(folded(*before), "u-1")


async def test_an_undone_merge_gives_each_their_own_again(shipped: Shipped) -> None:
    device, user = of_every_kind(shipped, "tablet", 0), of_every_kind(shipped, "u-1", 60)
    await shipped.ship(*device, *user, shipped.merged("tablet", "u-1", 50))
    assert (await shipped.find("u-1")).events == 6

    await shipped.ship(shipped.unmerged("tablet", "u-1", 90))

    assert await shipped.find("tablet") == folded(*device)
    assert await shipped.find("u-1") == folded(*user)


async def test_a_merge_and_its_undoing_may_come_in_one_batch(shipped: Shipped) -> None:
    device, user = of_every_kind(shipped, "tablet", 0), of_every_kind(shipped, "u-1", 60)
    await shipped.ship(
        *device, *user, shipped.merged("tablet", "u-1", 50), shipped.unmerged("tablet", "u-1", 90)
    )

    assert await shipped.find("tablet") == folded(*device)
    assert await shipped.find("u-1") == folded(*user)


async def test_all_merges_of_a_device_with_a_user_are_undone_and_no_others(shipped: Shipped) -> None:
    tablet, phone = of_every_kind(shipped, "tablet", 0), of_every_kind(shipped, "phone", 20)
    news = shipped.did("tablet", "v", 60)
    merges = [
        shipped.merged("tablet", "u-1", 50),
        shipped.merged("phone", "u-1", 51),
        shipped.merged("tablet", "u-1", 70),
    ]
    await shipped.ship(*tablet, *phone, *merges, news)

    await shipped.ship(shipped.unmerged("tablet", "u-1", 90))

    assert await shipped.find("tablet") == folded(*tablet, news)
    assert await shipped.find("u-1") == folded(*phone)
    assert (await shipped.find("phone")).owner == "u-1"


async def test_the_users_own_traits_still_come_first_when_another_merge_is_undone(shipped: Shipped) -> None:
    said = shipped.set("u-1", 0, plan="gold"), shipped.set("tablet", 1, plan="free", age=7)
    await shipped.ship(*said, shipped.merged("tablet", "u-1", 50), shipped.merged("phone", "u-1", 51))
    assert (await shipped.find("u-1")).traits == {"plan": "gold", "age": 7}

    await shipped.ship(shipped.unmerged("phone", "u-1", 90))

    assert (await shipped.find("u-1")).traits == {"plan": "gold", "age": 7}


async def test_after_the_undoing_another_user_may_take_over(shipped: Shipped) -> None:
    device = of_every_kind(shipped, "tablet", 0)
    await shipped.ship(*device, shipped.merged("tablet", "u-1", 50))
    await shipped.ship(shipped.unmerged("tablet", "u-1", 60))
    await shipped.ship(shipped.merged("tablet", "u-2", 70))

    assert (await shipped.find("u-2")).counters == folded(*device).counters
    assert await anew(shipped, "u-2") == folded(*device)
    assert await anew(shipped, "u-1") == Profile()


async def test_who_came_second_to_a_device_has_nothing_of_it(shipped: Shipped) -> None:
    device, second = of_every_kind(shipped, "tablet", 0), of_every_kind(shipped, "u-2", 100)
    merges = [shipped.merged("tablet", "u-1", 50), shipped.merged("tablet", "u-2", 60)]
    await shipped.ship(*device, *merges, *second)

    await shipped.ship(shipped.unmerged("tablet", "u-2", 70))

    assert await shipped.find("u-2") == folded(*second)
    assert await shipped.find("tablet") == left_behind(folded(*device), "u-1")


async def test_what_both_did_after_the_undoing_is_folded_on(shipped: Shipped) -> None:
    await shipped.ship(shipped.did("tablet", "v", 0), shipped.merged("tablet", "u-1", 50))
    await shipped.ship(shipped.unmerged("tablet", "u-1", 60), shipped.did("tablet", "v", 70))
    await shipped.ship(shipped.did("u-1", "v", 80))

    assert [(await shipped.find(who)).counters["v"].count for who in ("tablet", "u-1")] == [2, 1]


async def test_the_stages_of_both_are_those_of_their_own_way(shipped: Shipped) -> None:
    views = [shipped.did(who, "v", n) for n, who in enumerate(["tablet", "u-1", "tablet", "u-1"])]
    await shipped.ship(*views, shipped.merged("tablet", "u-1", 50))
    assert (await shipped.find("u-1")).stages["purchase"].stage == "third"

    await shipped.ship(shipped.unmerged("tablet", "u-1", 60))

    profiles = [await shipped.find(who) for who in ("tablet", "u-1")]
    assert [profile.stages["purchase"].stage for profile in profiles] == ["second", "second"]
    assert [profile.stages["purchase"].since_ms for profile in profiles] == [
        ms_of(NOON) + minutes * 60_000 for minutes in (2, 3)
    ]
