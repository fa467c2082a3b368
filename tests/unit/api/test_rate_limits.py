"""A key that asks too often, at the public edge."""

from collections.abc import MutableMapping
from typing import Any

import pytest

from tests.unit.api.edge import PUBLIC, SECRET, SHOP, Answer, Edge, scope_of

EVENT = {"name": "page_viewed"}


@pytest.fixture
def edge() -> Edge:
    """An edge that takes two requests of each key, since its clock stands still."""
    return Edge(requests_per_s=2)


async def asked(edge: Edge, path: str, key: str = PUBLIC) -> Answer:
    return await (edge.decide(key=key) if path == "/decide" else edge.events(EVENT, key=key))


@pytest.mark.parametrize("path", ["/decide", "/events"])
async def test_a_key_that_asks_too_often_is_told_when_to_come_back(edge: Edge, path: str) -> None:
    assert [(await asked(edge, path)).status for _ in range(2)] != [429, 429]

    answer = await asked(edge, path)

    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Too Many Requests"


async def test_both_doors_count_together_and_nothing_is_written_beyond(edge: Edge) -> None:
    answers = [await asked(edge, path) for path in ("/events", "/decide", "/events", "/decide")]

    assert [answer.status for answer in answers] == [202, 200, 429, 429]
    assert len(edge.journal.records) == 1


async def test_the_body_is_not_even_read(edge: Edge) -> None:
    await asked(edge, "/decide")
    await asked(edge, "/decide")

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("somebody reads the body")

    answer = await edge.send(scope_of(headers={"Authorization": f"Bearer {PUBLIC}"}), receive)

    assert answer.status == 429


async def test_a_page_can_read_that_it_asks_too_often(edge: Edge) -> None:
    for _ in range(2):
        await edge.decide()

    answer = await edge.decide(headers={"Origin": SHOP})

    assert (answer.status, answer.headers["access-control-allow-origin"]) == (429, SHOP)
    assert "retry-after" in answer.headers["access-control-expose-headers"]


async def test_another_key_is_served_meanwhile(edge: Edge) -> None:
    for _ in range(10):
        await asked(edge, "/decide")

    assert (await asked(edge, "/decide", SECRET)).status == 200


async def test_requests_that_are_refused_for_their_origin_take_nothing_from_the_sites_own_pages(
    edge: Edge,
) -> None:
    foreign = [await edge.decide(headers={"Origin": "https://evil.example"}) for _ in range(10)]

    assert {answer.status for answer in foreign} == {403}
    assert (await edge.decide(headers={"Origin": SHOP})).status == 200


async def test_of_unknown_keys_nothing_is_remembered(edge: Edge) -> None:
    answers = [await edge.decide(key=f"pk_{number}") for number in range(1_000)]

    assert {answer.status for answer in answers} == {401}
    assert edge.app.parts is not None
    assert edge.app.parts.keyring._buckets == {}
    assert edge.app.tally.answers == {("/decide", 401): 1_000}
