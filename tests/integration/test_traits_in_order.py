"""Traits are those of their instants, in whichever order the records reach PostgreSQL."""

from collections.abc import AsyncIterator
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from app.engine.records import Record
from app.storage.postgres import Postgres
from tests.integration.shipped import Shipped, shipping
from tests.sites import SiteFactory

WHO = ("u-1", "tablet", "phone")
Step: TypeAlias = tuple[float, str, dict[str, Any] | None]


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, None) as made:
        yield made


async def traits(shipped: Shipped, visitor: str) -> dict[str, Any]:
    return (await shipped.find(visitor)).traits


async def test_the_later_of_two_patches_stands_whichever_comes_first(shipped: Shipped) -> None:
    await shipped.ship(shipped.set("v", 2, plan="gold"))
    await shipped.ship(shipped.set("v", 1, plan="free", age=7))

    assert await traits(shipped, "v") == {"plan": "gold", "age": 7}


async def test_what_was_taken_away_later_stays_away(shipped: Shipped) -> None:
    await shipped.ship(shipped.set("v", 2, plan=None))
    await shipped.ship(shipped.set("v", 1, plan={"tier": "free"}))

    assert await traits(shipped, "v") == {}


async def test_parts_of_one_trait_are_patched_in_order_too(shipped: Shipped) -> None:
    await shipped.ship(shipped.set("v", 2, plan={"tier": "gold"}))
    await shipped.ship(shipped.set("v", 1, plan={"tier": "free", "since": 2020}))

    assert await traits(shipped, "v") == {"plan": {"tier": "gold", "since": 2020}}


async def test_of_one_instant_the_greater_id_stands(shipped: Shipped) -> None:
    one, other = sorted(
        (shipped.set("v", 1, plan="free"), shipped.set("v", 1, plan="gold")), key=lambda r: r.id
    )
    await shipped.ship(other)
    await shipped.ship(one)

    assert await traits(shipped, "v") == other.traits


async def test_what_else_is_said_of_a_visitor_does_not_matter(shipped: Shipped) -> None:
    await shipped.ship(shipped.set("v", 5, plan="gold"), shipped.said("v", 5, analytics=True))
    await shipped.ship(shipped.delivered("v", 1), shipped.did("v", "x", 1), shipped.set("v", 4, plan="free"))
    found = await shipped.find("v")

    assert (found.traits, found.events, len(found.consent), len(found.caps)) == ({"plan": "gold"}, 1, 1, 1)


async def test_a_device_that_went_over_keeps_nothing_of_what_comes_late(shipped: Shipped) -> None:
    await shipped.ship(shipped.set("tablet", 3, plan="gold"))
    await shipped.ship(shipped.set("tablet", 2, plan="free"), shipped.merged("tablet", "u-1", 4))

    assert [await traits(shipped, who) for who in ("tablet", "u-1")] == [{}, {"plan": "gold"}]


@pytest.mark.parametrize("seed", range(15))
async def test_any_order_of_batches_comes_to_the_same(shipped: Shipped, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret, and the same again for the same seed
    steps = story(random)
    for step in sorted(steps, key=itemgetter(0)):
        await shipped.ship(told(shipped, "", *step))
    random.shuffle(steps)
    while steps:
        batch = [steps.pop() for _ in range(min(len(steps), random.randint(1, 3)))]
        await shipped.ship(*(told(shipped, "~", *step) for step in batch))

    for who in WHO:
        assert await traits(shipped, who) == await traits(shipped, f"~{who}"), who


def story(random: Random) -> list[Step]:
    """Patches of a user and two devices, which go over to the user sooner or later."""
    merges = [
        (random.randint(1, 12) + wait, device, None) for wait, device in ((0.3, "tablet"), (0.6, "phone"))
    ]
    return [*merges, *((minute, random.choice(WHO), patch(random, minute)) for minute in range(1, 13))]


def patch(random: Random, minute: int) -> dict[str, Any]:
    within = {random.choice("xy"): random.choice([None, minute])}
    return {random.choice("ab"): random.choice([None, minute, within])}


def told(shipped: Shipped, mark: str, minute: float, who: str, patch: dict[str, Any] | None) -> Record:
    if patch is None:
        return shipped.merged(mark + who, f"{mark}u-1", minute)
    return shipped.set(mark + who, minute, **patch)
