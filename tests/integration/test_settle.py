"""Events that were taken in while the profile store was away, on their way to PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import Unheard
from app.profiles.refold import refold
from app.storage.postgres import Postgres
from tests.integration.shipped import Shipped, shipping
from tests.integration.unheard import DENIED, GRANTED, RULES, kept, stored, unheard
from tests.sites import SiteFactory
from tests.unit.journal.journalled import event as journalled


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as made:
        yield made


async def count(shipped: Shipped, table: str) -> int:
    query = f"SELECT count(*) FROM {table} WHERE site_id = $1"  # noqa: S608 - names of ours
    counted: int = await shipped.pool.fetchval(query, shipped.site)
    return counted


@pytest.mark.parametrize(
    ("said", "flags", "in_profile", "moves"),
    [
        ({}, [(False, False)], 1, 1),
        (GRANTED, [(False, False)], 1, 1),
        ({"analytics": False}, [(True, False)], 1, 0),
        ({"personalization": False}, [(False, True)], 0, 0),
        (DENIED, [], 0, 0),
    ],
)
@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_what_the_visitor_had_said_decides_what_is_stored_and_folded(
    shipped: Shipped,
    said: dict[str, bool],
    flags: list[tuple[bool, bool]],
    in_profile: int,
    moves: int,
    *,
    in_one_batch: bool,
) -> None:
    spoken, event = shipped.said("v-1", 1, **said), unheard(shipped.did("v-1", "v", 2))
    if in_one_batch:
        await shipped.ship(spoken, event)
    else:
        await shipped.ship(spoken)
        await shipped.ship(event)

    assert [tuple(row) for _, *row in await stored(shipped)] == flags
    profile = await shipped.find("v-1")
    assert (profile.events, profile.counters["v"].count if in_profile else 0) == (in_profile, in_profile)
    assert await count(shipped, "stage_moves") == moves
    assert await count(shipped, "event_ids") == len(flags)


async def test_who_says_it_with_the_request_is_not_overruled(shipped: Shipped) -> None:
    heard = replace(shipped.did("v-1", "v", 2), unheard=Unheard(("personalization",)))
    await shipped.ship(shipped.said("v-1", 1, **DENIED))
    await shipped.ship(heard, shipped.did("v-1", "v", 3))

    assert [tuple(row) for _, *row in await stored(shipped)] == [(False, True), (False, False)]


async def test_what_is_said_only_later_changes_nothing_whichever_is_shipped_first(shipped: Shipped) -> None:
    before, after = unheard(shipped.did("v-1", "v", 2)), unheard(shipped.did("v-1", "v", 4))
    await shipped.ship(shipped.said("v-1", 3, **DENIED), after)
    await shipped.ship(before)

    assert await kept(shipped) == [before.id]


async def test_a_grant_that_is_stored_already_does_not_hide_the_denial_before_it(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("v-1", 1, **DENIED), shipped.said("v-1", 3, **GRANTED))
    await shipped.ship(unheard(shipped.did("v-1", "v", 2)))

    assert await kept(shipped) == []


async def test_what_comes_again_is_stored_once_and_settled_alike(shipped: Shipped) -> None:
    spoken, event = shipped.said("v-1", 1, analytics=False), unheard(shipped.did("v-1", "v", 2))
    other = unheard(shipped.did("v-1", "v", 3))
    await shipped.ship(spoken, event)
    await shipped.ship(spoken, event, other, other)

    assert await stored(shipped) == [(event.id, True, False), (other.id, True, False)]
    assert (await shipped.find("v-1")).events == 2


async def test_what_was_not_kept_is_kept_no_more_when_it_comes_again(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("v-1", 1, **DENIED), unheard(event := shipped.did("v-1", "v", 2)))
    await shipped.ship(unheard(event), shipped.did("v-2", "v", 3))

    assert await kept(shipped) != [event.id]
    assert await shipped.find("v-1") == replace(Profile(), consent=(await shipped.find("v-1")).consent)


async def test_a_refused_record_beside_them_is_set_aside_and_they_are_settled(shipped: Shipped) -> None:
    denied, event = shipped.said("v-1", 1, **DENIED), unheard(shipped.did("v-1", "v", 2))
    refused = unheard(journalled("bad", site=shipped.site, visitor="a\0b"))
    on_refused = unheard(shipped.did("$user:u-1", "v", 2), device="a\0b")
    welcome = unheard(shipped.did("v-2", "v", 2))
    await shipped.ship(denied, refused, event, on_refused, welcome)

    assert await kept(shipped) == [welcome.id]
    assert len(shipped.refused().splitlines()) == 2
    assert on_refused.id in shipped.refused()


async def test_a_merge_in_the_same_batch_brings_the_user_what_was_said_on_the_device(
    shipped: Shipped,
) -> None:
    early, late = (unheard(shipped.did("$user:u-1", "v", minute)) for minute in (2, 4))
    merge = shipped.merged("tablet", "$user:u-1", 3)
    await shipped.ship(early, shipped.said("tablet", 1, **DENIED), merge, late)

    assert await kept(shipped) == [early.id]


async def test_a_merge_in_the_same_batch_brings_what_was_stored_of_the_device(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("tablet", 1, **DENIED))
    await shipped.ship(shipped.merged("tablet", "$user:u-1", 3), unheard(shipped.did("$user:u-1", "v", 4)))

    assert await kept(shipped) == []


async def test_a_merge_that_is_stored_brings_it_too(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("tablet", 1, **DENIED), shipped.merged("tablet", "$user:u-1", 3))
    await shipped.ship(unheard(shipped.did("$user:u-1", "v", 4)))

    assert await kept(shipped) == []


async def test_a_user_on_a_device_that_was_told_no_is_not_heard_there(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("tablet", 1, **DENIED))
    seen = unheard(shipped.did("$user:u-1", "v", 2), device="tablet")
    elsewhere = unheard(shipped.did("$user:u-1", "v", 3), device="phone")
    await shipped.ship(seen, elsewhere)

    assert await kept(shipped) == [elsewhere.id]


@pytest.mark.parametrize("has_news", [True, False])
async def test_what_was_said_logged_out_counts_where_the_device_has_more_to_tell(
    shipped: Shipped, *, has_news: bool
) -> None:
    await shipped.ship(shipped.merged("tablet", "$user:u-1", 1), shipped.said("tablet", 2, **DENIED))
    if has_news:
        await shipped.ship(shipped.set("tablet", 2, plan="gold"))
    await shipped.ship(event := unheard(shipped.did("$user:u-1", "v", 3), device="tablet"))

    assert await kept(shipped) == [event.id] * (not has_news)


async def test_news_of_the_same_batch_will_do(shipped: Shipped) -> None:
    await shipped.ship(shipped.merged("tablet", "$user:u-1", 1), shipped.said("tablet", 2, **DENIED))
    viewed = replace(shipped.did("tablet", "v", 3), profile_only=True)
    await shipped.ship(viewed, unheard(shipped.did("$user:u-1", "v", 4), device="tablet"))

    assert await kept(shipped) == [viewed.id]


async def test_who_was_erased_has_said_nothing(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("v-1", 1, **DENIED))
    await shipped.ship(shipped.erased("v-1", 2))
    await shipped.ship(unheard(shipped.did("v-1", "v", 1.5)), after := unheard(shipped.did("v-1", "v", 3)))

    assert await kept(shipped) == [after.id]


async def test_what_is_read_back_makes_the_same_profile(shipped: Shipped) -> None:
    await shipped.ship(shipped.said("v-1", 1, personalization=False), shipped.said("v-2", 1, analytics=False))
    await shipped.ship(*(unheard(shipped.did(who, "v", 2)) for who in ("v-1", "v-2", "v-3")))

    async with shipped.pool.acquire() as connection, connection.transaction():
        for visitor in ("v-1", "v-2", "v-3"):
            again, _ = await refold(connection, shipped.site, visitor, RULES)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type
            assert again == await shipped.find(visitor)
