"""`POST /events`, as outside programs rely on it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.kit.clock import ms_of, now
from tests.builders import segment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

TWICE = segment("twice", {"events.page_viewed.count": {"$gte": 2}})
KIB = 1_024


@pytest_asyncio.fixture
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    return await edge.shop(new_site, segments=[TWICE])


async def segments_of(shop: Shop, visitor: str = "v-1") -> list[str]:
    segments: list[str] = (await shop.decide(visitor={"id": visitor})).json()["visitor"]["segments"]
    return segments


async def test_accepted_events_are_durable_and_seen_by_the_next_decision(shop: Shop) -> None:
    answer = await shop.send(
        {"name": "Page Viewed", "properties": {"pageType": "home"}}, {"name": "page_viewed"}
    )

    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "duplicate": 0, "ignored": 0})
    assert [(event.name, event.properties) for event in shop.events] == [
        ("page_viewed", {"page_type": "home"}),
        ("page_viewed", {}),
    ]
    assert await segments_of(shop) == ["twice"]


async def test_an_event_counts_once_however_often_it_is_sent(shop: Shop) -> None:
    event = {"name": "page_viewed", "id": "e-1"}

    first, second = await shop.send(event, event), await shop.send(event)

    assert first.json() == {"accepted": 1, "duplicate": 1, "ignored": 0}
    assert second.json() == {"accepted": 0, "duplicate": 1, "ignored": 0}
    assert [record.id for record in shop.events] == ["e-1"]
    assert await segments_of(shop) == []


async def test_an_event_that_comes_by_both_ways_counts_once(shop: Shop) -> None:
    event = {"name": "page_viewed", "id": "e-1"}

    await shop.send(event)
    await shop.decide(events=[event])

    assert await segments_of(shop) == []
    assert len(shop.events) == 1


async def test_an_event_of_the_future_counts_as_now(shop: Shop) -> None:
    before = ms_of(now())

    await shop.send({"name": "page_viewed", "at": (now() + timedelta(minutes=6)).isoformat()})

    [event] = shop.events
    assert before <= event.at_ms == event.received_ms <= ms_of(now())


async def test_an_event_may_come_90_days_late_and_no_later(shop: Shop) -> None:
    late, too_late = ((now() - timedelta(days=90, minutes=by)).isoformat() for by in (-1, 1))

    taken = await shop.send({"name": "page_viewed", "at": late})
    refused = await shop.send({"name": "page_viewed"}, {"name": "page_viewed", "at": too_late})

    assert (taken.status_code, refused.status_code) == (202, 422)
    assert refused.json()["errors"][0]["pointer"] == "/events/1/at"
    assert len(shop.events) == 1


async def test_the_instant_of_sending_corrects_the_clients_clock(shop: Shop) -> None:
    clients_now = now() - timedelta(days=365)
    at = clients_now - timedelta(hours=1)
    before = ms_of(now() - timedelta(hours=1))

    await shop.send({"name": "page_viewed", "at": at.isoformat()}, sent_at=clients_now.isoformat())

    [event] = shop.events
    assert before <= event.at_ms <= ms_of(now() - timedelta(hours=1))


@pytest.mark.parametrize(
    ("consent", "answer"),
    [
        ({"personalization": False, "analytics": False}, {"accepted": 0, "duplicate": 0, "ignored": 2}),
        ({"personalization": False}, {"accepted": 2, "duplicate": 0, "ignored": 0}),
        ({"analytics": False}, {"accepted": 2, "duplicate": 0, "ignored": 0}),
    ],
)
async def test_events_serve_what_the_visitor_agreed_to(
    shop: Shop, consent: dict[str, bool], answer: dict[str, int]
) -> None:
    event = {"name": "page_viewed"}

    assert (await shop.send(event, event, consent=consent)).json() == answer
    assert len(shop.events) == answer["accepted"]
    assert await segments_of(shop) == (
        ["twice"] if consent.get("personalization", True) and answer["accepted"] else []
    )


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"visitor": {}}, "/visitor/id"),
        ({"visitor": {"id": "$user:u-1"}}, "/visitor/id"),
        ({"visitor": {"user_id": "u-1"}}, "/visitor/id"),
        ({"events": []}, "/events"),
        ({"events": [{"name": "page_viewed"}] * 501}, "/events"),
        ({"events": [{"properties": {}}]}, "/events/0/name"),
        ({"events": [{"name": "a", "properties": {"b": "\0"}}]}, "/events/0/properties/b"),
        ({"sent_at": "2026-03-10T12:00:00"}, "/sent_at"),
    ],
)
async def test_wrong_content_is_a_422_that_names_the_place(shop: Shop, wrong: Any, pointer: str) -> None:
    answer = (
        await shop.send({"name": "page_viewed"}, **wrong) if "events" not in wrong else await raw(shop, wrong)
    )

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert shop.events == []


async def raw(shop: Shop, body: dict[str, Any]) -> httpx.Response:
    return await shop.edge.client.post(
        "/events", json={"visitor": {"id": "v-1"}, **body}, headers=shop.public
    )


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 64 * KIB):
        yield body[start : start + 64 * KIB]


async def test_a_body_of_more_than_512_kib_is_too_large_announced_or_not(shop: Shop) -> None:
    body = b" " * (512 * KIB + 1)

    announced, in_chunks = await shop.post("/events", body), await shop.post("/events", in_pieces(body))

    assert (announced.status_code, in_chunks.status_code) == (413, 413)


async def test_100_000_brackets_are_refused(shop: Shop) -> None:
    deep = b'{"visitor": {"id": "v-1"}, "events": [{"name": "a", "properties": {"b": ' + b"[" * 100_000

    answer = await shop.post("/events", deep)

    assert answer.status_code in {400, 422}


async def test_a_beacon_is_understood(shop: Shop) -> None:
    body = b'{"visitor": {"id": "v-1"}, "events": [{"name": "page_viewed"}]}'

    answer = await shop.post(
        f"/events?key={shop.site.public_key}", body, {"Content-Type": "text/plain;charset=UTF-8"}
    )

    assert answer.status_code == 202


async def test_a_back_office_sends_orders_for_its_users(shop: Shop) -> None:
    order = {"name": "order_completed"}

    await shop.send(order, headers=shop.secret, visitor={"user_id": "u-1"})
    await shop.send(order)

    assert [(event.visitor, event.trusted) for event in shop.events] == [("$user:u-1", True), ("v-1", False)]


async def test_many_events_at_once_are_all_seen(shop: Shop) -> None:
    answer = await shop.send(*[{"name": "page_viewed"}] * 500)

    assert answer.json()["accepted"] == 500
    assert await segments_of(shop) == ["twice"]
