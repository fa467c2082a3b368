"""One visitor's events from 64 clients at once, at both doors of two workers: each counts once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest_asyncio

from app.profiles.codec import readable_profile
from loadtests.answers import Taken
from loadtests.reconcile import open_database
from tests.builders import delivering, document, experiment, segment
from tests.faults.ledger import Ledger
from tests.faults.line import Line
from tests.faults.service import WORKERS, Service
from tests.faults.stores import opened_stores

CLIENTS, TURNS = 64, 4
EVENTS = CLIENTS * TURNS
# Each event's value is its number, so that one lost and another doubled cannot pass for all.
VALUES = sum(range(EVENTS))
DOCUMENT = document(
    segments=[segment("all", {"events.page_viewed.count": EVENTS, "events.page_viewed.sum_value": VALUES})],
    experiments=[experiment()],
    rules=[delivering("hero-copy")],
)


_VALUES = """
    SELECT (properties ->> 'value')::int AS value FROM events WHERE visitor = $1 ORDER BY value
"""
_DURABLE = "SELECT body FROM profiles WHERE visitor = $1"


@pytest_asyncio.fixture(scope="module")
async def service(tmp_path_factory: Any) -> AsyncIterator[Service]:
    """A service of two workers with a published site, and a budget that a busy machine keeps to."""
    folder: Path = tmp_path_factory.mktemp("one-visitor")
    opened = Service(folder / "data", budget_ms=5_000)
    await opened.start()
    try:
        await opened.publish(DOCUMENT)
        yield opened
    finally:
        assert await opened.stop() == 0


@asynccontextmanager
async def clients_of(service: Service) -> AsyncIterator[Sequence[Line]]:
    """Connect all clients, half of them to each worker."""
    shares: dict[int, list[Line]] = {pid: [] for pid in service.workers()}
    while min(map(len, shares.values())) < CLIENTS / WORKERS:
        lines = [Line(service.target) for _ in range(CLIENTS)]
        await asyncio.gather(*(line.open() for line in lines))
        for line in lines:
            shares[line.pid].append(line)
    yield [line for pair in zip(*shares.values(), strict=False) for line in pair][:CLIENTS]
    await asyncio.gather(*(line.close() for share in shares.values() for line in share))


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {"name": "page_viewed", "properties": {"value": number}, **fields}


async def send(service: Service, line: Line, path: str, visitor: str, *events: Any) -> Any:
    """Send events to a door, and answer what it says."""
    body = {"visitor": {"id": visitor}, "events": events}
    if path == "/decide":
        body["placements"] = ["home.hero"]
    head = service.target.head("POST", path, service.target.public_key)
    answer = await line.send(head, msgspec.json.encode(body))
    assert answer.ok, answer
    return msgspec.json.decode(answer.body)


async def at_once(
    service: Service, visitor: str, events_of: Callable[[int, int], Sequence[Any]]
) -> list[Taken]:
    """Have all clients send their events of each turn, by turns to either door; what `/events` answered."""
    taken: list[Taken] = []

    async def send_all(client: int, line: Line) -> None:
        for turn in range(TURNS):
            path = ("/events", "/decide")[(client // WORKERS + turn) % 2]
            said = await send(service, line, path, visitor, *events_of(client, turn))
            if path == "/events":
                taken.append(msgspec.convert(said, Taken))
            else:
                assert said["degraded"] == []

    async with clients_of(service) as lines:
        await asyncio.gather(*(send_all(client, line) for client, line in enumerate(lines)))
        for line in lines[:WORKERS]:
            seen = await send(service, line, "/decide", visitor)
            assert seen["visitor"]["segments"] == ["all"], await told(service, line, visitor)
    return taken


async def told(service: Service, line: Line, visitor: str) -> bytes:
    head = service.target.head("GET", f"/api/v1/profiles/{visitor}", service.target.secret_key)
    return (await line.send(head, b"")).body


async def assert_stored(service: Service, visitor: str) -> None:
    """Check rows and durable profile once all is shipped."""
    async with opened_stores(service.place) as stores:
        outcome = await stores.outcome(Ledger("one", visitors={visitor}))
    assert (outcome.profiles.cached, outcome.profiles.durable) == (1, 1)
    assert outcome.profiles.equal, outcome.profiles
    connection = await open_database(service.target.database_url)
    try:
        values = await connection.fetch(_VALUES, visitor)
        profile = readable_profile(await connection.fetchval(_DURABLE, visitor))
    finally:
        await connection.close()
    assert [row["value"] for row in values] == list(range(EVENTS))
    assert profile is not None
    viewed = profile.counters["page_viewed"]
    assert (profile.events, viewed.count, viewed.sums) == (EVENTS, EVENTS, {"value": VALUES})


async def test_all_are_counted_under_the_ids_that_clients_give(service: Service) -> None:
    def own(client: int, turn: int) -> Sequence[Any]:
        number = client * TURNS + turn
        return [event(number, id=f"given-{number}")]

    taken = await at_once(service, "v-given", own)

    assert taken == [Taken(accepted=1, duplicate=0)] * (EVENTS // 2)
    await assert_stored(service, "v-given")


async def test_all_are_counted_that_come_without_an_id(service: Service) -> None:
    taken = await at_once(service, "v-none", lambda client, turn: [event(client * TURNS + turn)])

    assert taken == [Taken(accepted=1, duplicate=0)] * (EVENTS // 2)
    await assert_stored(service, "v-none")


async def test_what_two_send_at_once_and_once_more_later_is_counted_once(service: Service) -> None:
    def with_others(client: int, turn: int) -> Sequence[Any]:
        # The neighbour is at the other worker and sends the same at this moment, which it may not know yet.
        neighbour = (client + 1) % CLIENTS
        numbers = {client * TURNS + turn, neighbour * TURNS + turn, client * TURNS + max(0, turn - 1)}
        return [event(number, id=f"again-{number}") for number in sorted(numbers)]

    taken = await at_once(service, "v-again", with_others)

    assert any(one.duplicate for one in taken)
    await assert_stored(service, "v-again")
