"""Who is it: a page needs a proof, a server is believed."""

import hashlib
import hmac

import pytest
import pytest_asyncio

from app.storage.postgres import Postgres
from tests.builders import segment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

VIEWED = segment("viewed", {"events.page_viewed.count": {"$gte": 1}})


@pytest_asyncio.fixture
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    """A shop whose user `u-1` has viewed a page."""
    opened = await edge.shop(new_site, segments=[VIEWED])
    await opened.send({"name": "page_viewed"}, headers=opened.secret, visitor={"user_id": "u-1"})
    return opened


@pytest_asyncio.fixture
async def proof(shop: Shop, postgres: Postgres) -> str:
    secret = await postgres.pool.fetchval(
        "SELECT identity_secret FROM sites WHERE id = $1", shop.site.site_id
    )
    return hmac.new(secret.encode(), b"u-1", hashlib.sha256).hexdigest()


async def test_a_page_with_a_proof_sees_the_user(shop: Shop, proof: str) -> None:
    body = (await shop.decide(visitor={"id": "v-1", "user_id": "u-1", "user_proof": proof})).json()

    assert (body["visitor"]["segments"], body["degraded"]) == (["viewed"], [])


@pytest.mark.parametrize("given", [None, "", "0" * 64, "é"])
async def test_a_page_without_one_sees_its_visitor_alone(shop: Shop, given: str | None) -> None:
    body = (await shop.decide(visitor={"id": "v-1", "user_id": "u-1", "user_proof": given})).json()

    assert (body["visitor"]["segments"], body["degraded"]) == ([], ["identity"])


async def test_a_proof_is_of_one_user(shop: Shop, proof: str) -> None:
    body = (await shop.decide(visitor={"id": "v-1", "user_id": "u-2", "user_proof": proof})).json()

    assert body["degraded"] == ["identity"]


async def test_a_proof_is_of_one_site(edge: RunningEdge, new_site: SiteFactory, proof: str) -> None:
    other = await edge.shop(new_site)

    body = (await other.decide(visitor={"id": "v-1", "user_id": "u-1", "user_proof": proof})).json()

    assert body["degraded"] == ["identity"]


async def test_a_server_is_believed(shop: Shop) -> None:
    body = (await shop.decide(shop.secret, visitor={"id": "v-1", "user_id": "u-1"})).json()

    assert (body["visitor"]["segments"], body["degraded"]) == (["viewed"], [])


async def test_nobody_reaches_a_user_by_the_name_of_its_profile(shop: Shop) -> None:
    asked, sent = (
        await shop.decide(visitor={"id": "$user:u-1"}),
        await shop.send({"name": "x"}, visitor={"id": "$user:u-1"}),
    )

    assert (asked.status_code, sent.status_code) == (422, 422)


async def test_events_without_a_proof_are_the_visitors(shop: Shop, proof: str) -> None:
    event = {"name": "page_viewed"}

    await shop.send(event, visitor={"id": "v-1", "user_id": "u-1"})
    await shop.send(event, visitor={"id": "v-1", "user_id": "u-1", "user_proof": proof})

    assert [record.visitor for record in shop.events] == ["$user:u-1", "v-1", "$user:u-1"]
