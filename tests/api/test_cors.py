"""Which pages may ask, and what a browser needs to let them read the answer."""

import pytest
import pytest_asyncio

from tests.builders import delivering, experiment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

OURS, OTHERS = "https://shop.example", "https://evil.example"
DECIDE = b'{"visitor": {"id": "v-1"}, "placements": ["home.hero"], "events": [{"name": "page_viewed"}]}'
EVENTS = b'{"visitor": {"id": "v-1"}, "events": [{"name": "page_viewed"}]}'


@pytest_asyncio.fixture
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    tested = {"experiments": [experiment()], "rules": [delivering("hero-copy")]}
    return await edge.shop(new_site, site={"origins": [OURS]}, **tested)


@pytest.mark.parametrize("path", ["/decide", "/events"])
async def test_a_preflight_is_answered_for_two_hours(shop: Shop, path: str) -> None:
    asked = {
        "Origin": OURS,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    answer = await shop.edge.client.options(path, headers=asked)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == OURS
    assert answer.headers["access-control-max-age"] == "7200"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )


async def test_a_preflight_of_a_foreign_page_is_refused(shop: Shop) -> None:
    answer = await shop.edge.client.options("/decide", headers={"Origin": "https://nobody.example"})

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("path", "body"), [("/decide", DECIDE), ("/events", EVENTS)])
async def test_a_foreign_page_is_refused_before_anything_is_written(
    shop: Shop, path: str, body: bytes
) -> None:
    answer = await shop.post(path, body, {**shop.public, "Origin": OTHERS})

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert shop.records == []
    assert (await shop.decide()).json()["assignments"][0]["first"]


@pytest.mark.parametrize(("path", "body", "status"), [("/decide", DECIDE, 200), ("/events", EVENTS, 202)])
async def test_a_page_that_spares_the_preflight_can_read_the_answer(
    shop: Shop, path: str, body: bytes, status: int
) -> None:
    simple = {"Origin": OURS, "Content-Type": "text/plain;charset=UTF-8"}

    answer = await shop.post(f"{path}?key={shop.site.public_key}", body, simple)

    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == OURS
    assert answer.headers["vary"] == "Origin"


async def test_a_page_can_read_what_went_wrong(shop: Shop) -> None:
    answer = await shop.post("/decide", b"{", {**shop.public, "Origin": OURS})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (400, OURS)


async def test_an_origin_of_another_site_is_foreign_here(
    edge: RunningEdge, new_site: SiteFactory, shop: Shop
) -> None:
    other = await edge.shop(new_site, site={"origins": [OTHERS]})

    answer = await shop.decide({**shop.public, "Origin": OTHERS})

    assert answer.status_code == 403
    assert (await other.decide({**other.public, "Origin": OTHERS})).status_code == 200
