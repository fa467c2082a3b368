"""`DELETE /api/v1/profiles/{visitor}/identity/{user_id}`: a merge that is undone."""

import hashlib
import hmac

import pytest
import pytest_asyncio

from app.storage.postgres import Postgres
from tests.api.answers import pointers, said
from tests.api.profiles import FIELDS, asked, is_merged, patched, segments, told, unmerged
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory
from tests.waiting import until


@pytest_asyncio.fixture
async def shop(shipped_edge: RunningEdge, new_site: SiteFactory) -> Shop:
    return await shipped_edge.shop(new_site, **FIELDS)


async def proof_of(shop: Shop, postgres: Postgres, user: str) -> str:
    query = "SELECT identity_secret FROM sites WHERE id = $1"
    secret = await postgres.pool.fetchval(query, shop.site.site_id)
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


async def test_no_site_reaches_the_visitors_of_another(
    shop: Shop, shipped_edge: RunningEdge, new_site: SiteFactory, postgres: Postgres
) -> None:
    await shop.send({"name": "page_viewed"})
    await segments(shop, shop.secret, user_id="u-1")
    await is_merged(shop, postgres)
    other = await shipped_edge.shop(new_site)

    said(await asked(other, "GET", "v-1"), 404)
    said(await unmerged(other), 404)
    await patched(other, {"plan": {"tier": "gold"}}, "$user:u-1")
    assert await segments(shop, shop.secret, user_id="u-1") == ["viewed"]


@pytest.mark.parametrize("by", ["proof", "secret key"])
async def test_a_login_takes_over_and_its_undoing_gives_each_their_own_again(
    shop: Shop, postgres: Postgres, by: str
) -> None:
    headers = shop.public if by == "proof" else shop.secret
    login = {"user_id": "u-1", "user_proof": await proof_of(shop, postgres, "u-1")}
    await shop.send({"name": "page_viewed", "properties": {"value": 1}})
    await shop.send({"name": "page_viewed"}, headers=shop.secret, visitor={"user_id": "u-1"})

    assert await segments(shop, headers, **login) == ["viewed", "spent"]
    # A second user of the device starts fresh.
    second = {"user_id": "u-2", "user_proof": await proof_of(shop, postgres, "u-2")}
    assert await segments(shop, headers, **second) == []
    assert ((await told(shop))["owner"], (await told(shop))["events"]) == ("$user:u-1", {})
    assert (await told(shop, "$user:u-1"))["events"]["page_viewed"]["count"] == 2

    await is_merged(shop, postgres)
    assert (await unmerged(shop)).status_code == 204

    device, user = await told(shop), await told(shop, "$user:u-1")
    assert device["owner"] is None
    assert [one["events"]["page_viewed"]["count"] for one in (device, user)] == [1, 1]
    assert [one["events"]["page_viewed"]["sums"] for one in (device, user)] == [{"value": 1}, {"value": 0}]
    assert await segments(shop) == ["viewed", "spent"]


async def test_what_is_undone_once_may_be_asked_again(shop: Shop, postgres: Postgres) -> None:
    await shop.send({"name": "page_viewed"})
    await segments(shop, shop.secret, user_id="u-1")
    await is_merged(shop, postgres)

    assert [(await unmerged(shop)).status_code for _ in range(3)] == [204, 204, 204]
    assert await segments(shop) == ["viewed"]


async def test_after_the_undoing_another_user_may_take_over(shop: Shop, postgres: Postgres) -> None:
    await shop.send({"name": "page_viewed"})
    await segments(shop, shop.secret, user_id="u-1")
    await is_merged(shop, postgres)
    await unmerged(shop)

    assert await segments(shop, shop.secret, user_id="u-2") == ["viewed"]
    await is_merged(shop, postgres, "$user:u-2")
    assert "never merged" in said(await unmerged(shop, "u-3"), 404)["detail"]


async def test_a_visitor_and_a_user_who_never_met_have_no_merge_to_undo(shop: Shop) -> None:
    await shop.send({"name": "page_viewed"})

    assert "never merged" in said(await unmerged(shop), 404)["detail"]
    assert pointers(await unmerged(shop, "x" * 129)) == ["path:user_id"]


async def test_ids_with_slashes_are_told_apart(shop: Shop) -> None:
    visitor = {"id": "v/1", "user_id": "u/1"}
    await shop.send({"name": "page_viewed"}, visitor={"id": "v/1"})
    await shop.decide(shop.secret, visitor=visitor)

    async def is_undone() -> bool:
        return (await unmerged(shop, "u/1", "v/1")).status_code == 204

    # Until the merge is stored it is said that it is too new.
    await until(is_undone)
    assert (await told(shop, "v/1"))["owner"] is None
