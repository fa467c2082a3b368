"""`POST /events`: an id is one visitor's own, whatever others have sent under it."""

from typing import Any

import pytest_asyncio

from app.profiles.durable import DurableProfiles
from app.storage.postgres import Postgres
from tests.api.profiles import told
from tests.builders import delivering, experiment, segment
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders
from tests.waiting import until

ORDERED = segment("ordered", {"events.order_completed.count": {"$gte": 1}})
ORDER: dict[str, Any] = {"name": "order_completed", "id": "order-1002", "properties": {"value": 50}}


@pytest_asyncio.fixture
async def shop(shipped_edge: RunningEdge, new_site: SiteFactory) -> Shop:
    """A shop that judges by the orders its back office reports."""
    return await shipped_edge.shop(
        new_site,
        segments=[ORDERED],
        metrics=[orders(trusted=True)],
        experiments=[experiment(primary_metric="orders")],
        rules=[delivering("hero-copy")],
    )


async def stored(shop: Shop, postgres: Postgres, count: int) -> list[tuple[str, bool]]:
    """Wait until that many events are stored, and tell whose they are and whether they are trusted."""
    query = "SELECT visitor, trusted FROM events WHERE site_id = $1 ORDER BY visitor, trusted"

    async def has_stored() -> bool:
        return len(await postgres.pool.fetch(query, shop.site.site_id)) >= count

    await until(has_stored)
    return [tuple(row) for row in await postgres.pool.fetch(query, shop.site.site_id)]


async def ordered(shop: Shop) -> int:
    """Count the orders of the experiment, as results do."""
    path = "/api/v1/experiments/hero-copy/results"
    found = (await shop.edge.client.get(path, headers=shop.secret)).raise_for_status().json()
    return sum(arm["sum"] for arm in found["metrics"][0]["arms"])


async def test_nobody_can_use_up_the_id_of_an_order_to_come(shop: Shop, postgres: Postgres) -> None:
    assert (await shop.decide(visitor={"id": "buyer"})).json()["assignments"]
    taken = await shop.send(ORDER, visitor={"id": "mallory"})
    await stored(shop, postgres, 1)

    reported = await shop.send(ORDER, visitor={"id": "buyer"}, headers=shop.secret)

    assert [taken.json()["accepted"], reported.json()["accepted"]] == [1, 1]
    assert await stored(shop, postgres, 2) == [("buyer", True), ("mallory", False)]
    assert await ordered(shop) == 1


async def test_visitors_who_number_their_events_alike_all_count(shop: Shop, postgres: Postgres) -> None:
    visitors = [f"v-{number}" for number in range(4)]
    for visitor in visitors:
        await shop.send(ORDER, visitor={"id": visitor})
        again = await shop.send(ORDER, visitor={"id": visitor})
        assert again.json()["duplicate"] == 1

    assert [visitor for visitor, _ in await stored(shop, postgres, 4)] == visitors
    durable = DurableProfiles(postgres.pool, shop.edge.parts.rulesets.ruleset_of)
    for visitor in visitors:
        assert (await told(shop, visitor))["events"]["order_completed"]["count"] == 1
        shipped = await durable.find(shop.site.site_id, visitor)
        assert shipped is not None
        assert shipped.counters["order_completed"].count == 1
