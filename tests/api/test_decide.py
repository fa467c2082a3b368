"""`POST /decide`, as outside programs rely on it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.kit.clock import ms_of, now
from tests.builders import delivering, experiment, journey, rule, segment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

VIEWED = segment("viewed", {"events.page_viewed.count": {"$gte": 1}})
OFFER = rule("offer", audience={"segments": ["viewed"]})
TESTED: dict[str, Any] = {"experiments": [experiment()], "rules": [delivering("hero-copy")]}
KIB = 1_024


@pytest_asyncio.fixture(scope="module")
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    """A shop that shows an offer to who has viewed a page."""
    return await edge.shop(
        new_site, segments=[VIEWED], rules=[OFFER], journeys=[journey("awareness", "decision")]
    )


@pytest_asyncio.fixture
async def testing_shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    """A shop of its own that takes everybody into an experiment."""
    return await edge.shop(new_site, segments=[VIEWED], **TESTED)


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_a_page_gets_its_placements(shop: Shop) -> None:
    answer = await shop.decide(placements=["home.hero", "nowhere"], visitor={"id": "somebody new"})

    body = answer.json()
    assert answer.status_code == 200
    assert UUID(body["decision_id"]).version == 7
    assert body["revision"] == 1
    assert body["visitor"] == {
        "id": "somebody new",
        "stage": "awareness",
        "stages": {"purchase": "awareness"},
        "segments": [],
    }
    assert body["placements"]["home.hero"] == {
        "variant": "default",
        "content": {"title": "default"},
        "reason": "default",
        "rule": None,
        "experiment": None,
        "arm": None,
    }
    assert body["placements"]["nowhere"]["content"] is None
    assert body["placements"]["nowhere"]["reason"] == "unknown_placement"
    assert (body["assignments"], body["degraded"]) == ([], [])


@pytest.mark.parametrize("garbage", [b"", b"{", b"no json", b"\xff", b'{"visitor": NaN}'])
async def test_what_is_not_json_is_a_400(shop: Shop, garbage: bytes) -> None:
    answer = await shop.post("/decide", garbage)

    assert answer.status_code == answer.json()["status"] == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"visitor": None}, "/visitor"),
        ({"visitor": {}}, "/visitor/id"),
        ({"visitor": {"id": "x" * 129}}, "/visitor/id"),
        ({"visitor": {"id": "$user:u-1"}}, "/visitor/id"),
        ({"visitor": {"id": "\0"}}, "/visitor/id"),
        ({"placements": []}, "/placements"),
        ({"placements": ["home.hero"] * 51}, "/placements"),
        ({"placements": ["home.hero", None]}, "/placements/1"),
        ({"context": {"url": 5}}, "/context/url"),
        ({"events": [{"name": "page_viewed"}, {"name": ""}]}, "/events/1/name"),
        ({"events": [{"name": "page_viewed"}] * 51}, "/events"),
        ({"consent": {"analytics": "yes"}}, "/consent/analytics"),
    ],
)
async def test_wrong_content_is_a_422_that_names_the_place(shop: Shop, wrong: Any, pointer: str) -> None:
    answer = await shop.decide(**wrong)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])


async def test_a_missing_visitor_is_a_422_that_names_its_place(shop: Shop) -> None:
    answer = await shop.post("/decide", b'{"placements": ["home.hero"]}')

    assert (answer.status_code, pointers(answer)) == (422, ["/visitor"])


async def test_50_placements_are_answered(shop: Shop) -> None:
    answer = await shop.decide(placements=[f"place-{number}" for number in range(50)])

    assert len(answer.json()["placements"]) == 50


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), KIB):
        yield body[start : start + KIB]


async def test_a_body_of_65_kib_is_too_large_announced_or_not(shop: Shop) -> None:
    body = b" " * 65 * KIB

    announced, in_chunks = await shop.post("/decide", body), await shop.post("/decide", in_pieces(body))

    assert (announced.status_code, in_chunks.status_code) == (413, 413)


async def test_a_body_may_come_in_chunks(shop: Shop) -> None:
    body = b'{"visitor": {"id": "v-1"}, "placements": ["home.hero"]}'.ljust(64 * KIB)

    assert (await shop.post("/decide", in_pieces(body))).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer pk_nobody"}, {"Authorization": "Basic dTpw"}]
)
async def test_without_a_known_key_nobody_is_answered(shop: Shop, headers: dict[str, str]) -> None:
    answer = await shop.decide(headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_page_may_carry_its_key_in_the_address(shop: Shop) -> None:
    body = b'{"visitor": {"id": "v-1"}, "placements": ["home.hero"]}'

    public = await shop.post(f"/decide?key={shop.site.public_key}", body, {})
    secret = await shop.post(f"/decide?key={shop.site.secret_key}", body, {})

    assert (public.status_code, secret.status_code) == (200, 401)


async def test_a_key_decides_on_its_own_site_alone(
    edge: RunningEdge, new_site: SiteFactory, shop: Shop
) -> None:
    other = await edge.shop(new_site, placements=[])

    answer = await shop.decide(other.public)

    assert answer.json()["placements"]["home.hero"]["reason"] == "unknown_placement"


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "text/plain;charset=UTF-8"]
)
async def test_json_may_come_as_json_or_as_plain_text(shop: Shop, kind: str) -> None:
    assert (await shop.decide({**shop.public, "Content-Type": kind})).status_code == 200


async def test_a_form_is_refused(shop: Shop) -> None:
    answer = await shop.decide({**shop.public, "Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status_code == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_only_post_is_understood(shop: Shop, method: str) -> None:
    answer = await shop.edge.client.request(method, "/decide", headers=shop.public)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


async def test_a_request_id_is_taken_over_or_made(shop: Shop) -> None:
    taken = await shop.decide({**shop.public, "X-Request-Id": "mine-1"})
    made = await shop.decide()

    assert taken.headers["x-request-id"] == "mine-1"
    assert UUID(made.headers["x-request-id"]).version == 7


async def test_no_cache_shows_one_visitors_page_to_the_next(shop: Shop) -> None:
    answer = await shop.decide()

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["server-timing"].startswith("decide;dur=")


async def test_deciding_as_of_another_instant_needs_a_secret_key(shop: Shop) -> None:
    at = (now() - timedelta(days=3)).isoformat()

    page, server = await shop.decide(at=at), await shop.decide(shop.secret, at=at)

    assert (page.status_code, server.status_code) == (403, 200)


async def test_an_event_in_the_request_counts_for_that_very_decision(shop: Shop) -> None:
    event = {"name": "Page Viewed", "id": "in-the-request"}

    answer = await shop.decide(visitor={"id": "v-event"}, events=[event, event])
    again = await shop.decide(visitor={"id": "v-event"}, events=[event])

    assert answer.json()["placements"]["home.hero"]["variant"] == "offer"
    assert answer.json()["visitor"]["segments"] == again.json()["visitor"]["segments"] == ["viewed"]
    assert [record.id for record in shop.events].count("in-the-request") == 1


async def test_an_arm_is_logged_before_the_answer_and_kept(testing_shop: Shop) -> None:
    first, second = (await testing_shop.decide()).json(), (await testing_shop.decide()).json()

    [told], [again] = first["assignments"], second["assignments"]
    assert first["placements"]["home.hero"]["reason"] == "experiment"
    assert (told["first"], again["first"], told["arm"]) == (True, False, again["arm"])
    logged = [(record.decision_id, record.arm) for record in testing_shop.assignments]
    assert logged == [(body["decision_id"], told["arm"]) for body in (first, second)]


async def test_a_page_sees_what_the_site_exposes_and_a_server_sees_all(
    edge: RunningEdge, new_site: SiteFactory
) -> None:
    shop = await edge.shop(new_site, site={"expose": []}, segments=[VIEWED], journeys=[journey("awareness")])
    event = {"name": "page_viewed"}

    page = (await shop.decide(events=[event])).json()["visitor"]
    server = (await shop.decide(shop.secret)).json()["visitor"]

    assert page == {"id": "v-1", "stage": None, "stages": {}, "segments": []}
    assert (server["stage"], server["segments"]) == ("awareness", ["viewed"])


async def test_before_the_first_revision_pages_get_their_defaults(
    edge: RunningEdge, new_site: SiteFactory
) -> None:
    shop = Shop(edge, await new_site())
    await shop.is_known()

    body = (await shop.decide()).json()

    assert (body["revision"], body["degraded"]) == (0, ["revision"])
    assert body["placements"]["home.hero"]["reason"] == "default"


async def test_without_consent_nothing_but_that_is_used_or_written(testing_shop: Shop, redis: Redis) -> None:
    denied = {"personalization": False, "analytics": False}
    await testing_shop.send({"name": "page_viewed"})
    await testing_shop.decide(consent=denied)
    before, kept = await stored(testing_shop, redis), len(testing_shop.records)

    answer = await testing_shop.decide(events=[{"name": "page_viewed"}])

    assert answer.json()["visitor"]["segments"] == answer.json()["assignments"] == []
    assert (await stored(testing_shop, redis), len(testing_shop.records)) == (before, kept)


async def stored(shop: Shop, redis: Redis) -> dict[bytes, bytes]:
    """All that Valkey keeps of a site."""
    keys = [key async for key in redis.scan_iter(match=f"*{{{shop.site.site_id}:*")]
    return dict(zip(keys, await redis.mget(keys), strict=True))


async def test_the_sites_default_counts_where_nothing_is_said_of_consent(
    edge: RunningEdge, new_site: SiteFactory
) -> None:
    denied = {"consent": {"personalization": "denied", "analytics": "denied"}}
    shop = await edge.shop(new_site, site=denied, segments=[VIEWED], **TESTED)

    silent = await shop.decide(events=[{"name": "page_viewed"}])
    willing = await shop.decide(consent={"personalization": True, "analytics": True})

    assert (silent.json()["assignments"], shop.events) == ([], [])
    assert len(willing.json()["assignments"]) == 1


async def test_a_decision_is_logged_at_its_own_instant(testing_shop: Shop) -> None:
    at = now() - timedelta(days=3)

    await testing_shop.decide(testing_shop.secret, at=at.isoformat())

    assert [record.at_ms for record in testing_shop.assignments] == [ms_of(at)]
