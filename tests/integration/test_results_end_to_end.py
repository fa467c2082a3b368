"""From visitors to results: a planted effect is found by its size, and a planted loss raises the alarm."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio

from app.embedded.servers import Servers
from app.engine.bucketing import bucket_of
from app.journal.ship import Shipper
from app.kit.clock import ms_of, now, rfc3339_of
from app.kit.tasks import background
from app.profiles.durable import DurableProfiles
from app.reporting.marks import Marking
from app.reporting.reporter import Reporter
from app.storage.postgres import Postgres
from tests.builders import delivering, experiment, journey
from tests.counting import count_all
from tests.integration.planted import LONG_AGO, Planted
from tests.shop import Shop, running_edge
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders, revenue
from tests.waiting import until

VISITORS, AT_ONCE = 1_200, 20
LOOKED = {"events.product_viewed.count": {"$gte": 1}}
# Who looks around orders twice as often in the treatment, who does not, as often: 10 % to 15 % over all.
SHARES = {("awareness", "control"): 0.1, ("awareness", "treatment"): 0.1}
SHARES |= {("consideration", "control"): 0.1, ("consideration", "treatment"): 0.2}
LIFTS = {"awareness": 0.0, "consideration": 0.1}
VALUES = (30, 50, 70)


@pytest_asyncio.fixture
async def shop(
    servers: Servers, postgres: Postgres, new_site: SiteFactory, tmp_path: Path
) -> AsyncIterator[Shop]:
    """A shop whose experiment half of the visitors meet looking around; its journal is shipped and marked."""
    async with running_edge(postgres, servers.redis_url, tmp_path) as edge:
        durable = DurableProfiles(postgres.pool, edge.parts.rulesets.ruleset_of)
        shipper = Shipper(edge.journal_dir, postgres.pool, Marking(durable))
        async with background(shipper.run(asyncio.Event())):
            yield await edge.shop(
                new_site,
                metrics=[orders(window_days=1), revenue(window_days=1)],
                journeys=[journey("awareness", {"key": "consideration", "when": LOOKED}, primary=True)],
                experiments=[experiment(primary_metric="orders", metrics=[{"metric": "revenue"}])],
                rules=[delivering("hero-copy")],
            )


class Visiting:
    """Visitors on their way: some look around, all see the page, some order afterwards."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._at = now() - timedelta(days=4)
        self.orders: list[tuple[str, str, int]] = []
        self.units = 0

    async def visit(self, visitor: str) -> None:
        """Walk one visitor's way; what it does follows from its name and its arm."""
        drawn = random.Random(visitor)  # noqa: S311 - drawing what happens is not cryptography
        looks = drawn.random() < 0.5
        if looks:
            await self._send(visitor, "product_viewed", -1)
        said = {"visitor": {"id": visitor}, "at": rfc3339_of(ms_of(self._at))}
        answer = (await self._shop.decide(self._shop.secret, **said)).raise_for_status().json()
        (given,) = answer["assignments"]
        stage = answer["visitor"]["stage"]
        assert stage == ("consideration" if looks else "awareness")
        self.units += 1
        if drawn.random() < SHARES[stage, given["arm"]]:
            value = drawn.choice(VALUES)
            self.orders.append((stage, given["arm"], value))
            await self._send(visitor, "order_completed", 1, value=value)

    async def _send(self, visitor: str, name: str, hours: float, **properties: Any) -> None:
        at = rfc3339_of(ms_of(self._at + timedelta(hours=hours)))
        event = {"name": name, "at": at, "properties": properties}
        (await self._shop.send(event, visitor={"id": visitor})).raise_for_status()


async def everybody_visits(shop: Shop) -> Visiting:
    visiting, names = Visiting(shop), iter([f"v-{number}" for number in range(VISITORS)])

    async def some() -> None:
        for name in names:
            await visiting.visit(name)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return visiting


async def results(shop: Shop, **query: Any) -> dict[str, Any]:
    path = "/api/v1/experiments/hero-copy/results"
    answer = await shop.edge.client.get(path, params=query, headers=shop.secret)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def covers(found: dict[str, Any], metric: int, lift: float) -> bool:
    """Whether a metric's interval, and the one that holds at every look, cover the planted difference."""
    (comparison,) = found["metrics"][metric]["comparisons"]
    intervals = (comparison["interval"], comparison["always_valid"]["interval"])
    return all(low <= lift <= high for low, high in intervals)


async def test_the_interval_covers_a_planted_effect_overall_and_by_stage(
    shop: Shop, postgres: Postgres
) -> None:
    visiting, reporter = await everybody_visits(shop), Reporter(postgres.pool)

    async def is_counted() -> bool:
        await count_all(reporter)
        arms = (await results(shop))["metrics"][1]["arms"]
        spent = sum(value for _, _, value in visiting.orders)
        counted = (sum(arm["units"] for arm in arms), sum(arm["sum"] for arm in arms))
        return counted == (VISITORS, spent)

    await until(is_counted)
    assert f"{shop.site.site_id}/hero-copy" not in await reporter.differing()
    found = await results(shop, by="stage")
    assert (found["units"], found["units_complete"], found["crossed_units"]) == (VISITORS, VISITORS, 0)
    assert not found["sample_ratio"]["mismatch"]
    assert covers(found, 0, 0.05)
    assert not covers(found, 0, 0.15)
    assert covers(found, 1, 0.05 * 50)
    cuts = {cut["value"]: cut for cut in found["cuts"]}
    assert cuts.keys() == LIFTS.keys()
    for stage, lift in LIFTS.items():
        assert covers(cuts[stage], 0, lift)
        assert covers(cuts[stage], 1, lift * 50)
        sums = {arm["arm"]: arm["sum"] for arm in cuts[stage]["metrics"][0]["arms"]}
        ordered = [arm for where, arm, _ in visiting.orders if where == stage]
        assert sums == {arm: ordered.count(arm) for arm in ("control", "treatment")}


async def test_a_loss_of_two_percent_of_one_arm_raises_the_alarm_and_none_does_not(planted: Planted) -> None:
    await planted.publish()
    units = [f"v-{number}" for number in range(160_000)]
    await assign_all(planted, units)
    whole = await planted.results()
    assert whole.units == len(units)
    assert whole.sample_ratio.p_value is not None
    assert whole.sample_ratio.p_value > 0.01
    assert not whole.sample_ratio.mismatch
    await planted.postgres.pool.execute(LOSE, planted.site_id)
    lossy = await planted.results()
    assert 0.985 < lossy.units / len(units) < 0.995
    assert lossy.sample_ratio.mismatch
    assert lossy.verdict.call == "broken"
    assert "sample_ratio" in {check.check for check in lossy.verdict.checks if not check.ok}


LOSE = """
    DELETE FROM assignments WHERE site_id = $1 AND arm = 'treatment' AND hashtext(unit) % 50 = 0
"""


async def assign_all(planted: Planted, units: list[str]) -> None:
    """Log that each unit was given the arm that its bucket says."""
    columns = [
        "site_id",
        "decision_id",
        "experiment",
        "unit",
        "visitor",
        "arm",
        "phase",
        "revision",
        "first",
        "stages",
        "segments",
        "at",
    ]
    rows: list[tuple[object, ...]] = [
        (planted.site_id, uuid.uuid4(), "hero-copy", unit, unit, arm_of(unit), 1, 1, True, "{}", [], at_of(n))
        for n, unit in enumerate(units)
    ]
    await planted.postgres.pool.copy_records_to_table("assignments", records=rows, columns=columns)


def arm_of(unit: str) -> str:
    """Answer the arm of a bucket in two equal ones."""
    return "control" if bucket_of(unit, salt="hero-copy", purpose="arm") < 5_000 else "treatment"


def at_of(number: int) -> datetime:
    """Answer an instant; they come one after the other."""
    return (LONG_AGO + timedelta(seconds=number)).astimezone(UTC)
