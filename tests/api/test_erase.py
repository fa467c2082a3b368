"""`DELETE /api/v1/profiles/{visitor}`: a visitor who is erased everywhere."""

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response
from redis.asyncio import Redis

from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import pointers, said
from tests.api.conftest import AdminFactory
from tests.api.profiles import FIELDS, asked, is_merged, patched, segments, told
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory
from tests.waiting import until


@pytest_asyncio.fixture
async def shop(shipped_edge: RunningEdge, new_site: SiteFactory) -> Shop:
    return await shipped_edge.shop(new_site, **FIELDS)


async def erased(shop: Shop, visitor: str = "v-1") -> Response:
    return await asked(shop, "DELETE", visitor)


async def units(shop: Shop) -> int:
    """Count the units of the experiment, as results do."""
    client: AsyncClient = shop.edge.client
    response = await client.get("/api/v1/experiments/hero-copy/results", headers=shop.secret)
    found: int = response.json()["units"]
    return found


async def test_an_erased_visitor_begins_anew(shop: Shop) -> None:
    await shop.send({"name": "page_viewed"})
    await patched(shop, {"plan": {"tier": "gold"}})
    assert await segments(shop) == ["viewed", "gold"]

    answer = await erased(shop)

    assert (answer.status_code, answer.content) == (204, b"")
    said(await asked(shop, "GET", "v-1"), 404)
    assert await segments(shop) == []
    await shop.send({"name": "page_viewed"})
    assert (await told(shop))["events"]["page_viewed"]["count"] == 1


async def test_results_do_not_count_who_was_erased(shop: Shop) -> None:
    for visitor in ("v-1", "v-2"):
        await shop.decide(visitor={"id": visitor})

    async def both_count() -> bool:
        return await units(shop) == 2

    await until(both_count)
    await erased(shop)

    assert await units(shop) == 1


async def test_a_capped_rule_is_delivered_anew_and_no_key_names_the_visitor(shop: Shop, redis: Redis) -> None:
    await patched(shop, {"plan": {"tier": "gold"}})
    await shop.decide()
    counted = f"cap:{{{shop.site.site_id}:*"
    assert [key async for key in redis.scan_iter(counted, count=10_000)]

    await erased(shop)

    assert not [key async for key in redis.scan_iter(counted, count=10_000)]


async def test_a_device_takes_what_it_brought_to_its_user(shop: Shop, postgres: Postgres) -> None:
    await shop.send({"name": "page_viewed"})
    await shop.send({"name": "page_viewed"}, headers=shop.secret, visitor={"user_id": "u-1"})
    await segments(shop, shop.secret, user_id="u-1")
    await is_merged(shop, postgres)

    assert (await erased(shop)).status_code == 204

    said(await asked(shop, "GET", "v-1"), 404)
    assert (await told(shop, "$user:u-1"))["events"]["page_viewed"]["count"] == 1


async def test_a_user_takes_the_devices_along(shop: Shop, postgres: Postgres) -> None:
    await shop.send({"name": "page_viewed"})
    await segments(shop, shop.secret, user_id="u-1")
    await is_merged(shop, postgres)

    assert (await erased(shop, "$user:u-1")).status_code == 204

    for visitor in ("v-1", "$user:u-1"):
        said(await asked(shop, "GET", visitor), 404)
    assert await segments(shop, shop.secret, user_id="u-1") == []


async def test_to_erase_a_stranger_or_twice_does_no_harm(shop: Shop) -> None:
    assert [(await erased(shop, visitor)).status_code for visitor in ("v-9", "v-9", "v/9")] == [204] * 3


async def test_a_name_that_nobody_can_have_is_refused(shop: Shop) -> None:
    assert pointers(await erased(shop, "x" * 200)) == ["path:visitor"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_who_may_not_publish_may_not_erase(admin: AdminFactory, role: Role) -> None:
    client = await admin(role)

    said(await client.delete("/api/v1/profiles/v-1"), 403)
