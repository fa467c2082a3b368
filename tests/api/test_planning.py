from datetime import timedelta
from math import ceil
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from httpx import AsyncClient

from app.admin.planning.examples import OVERLAPS, PLANNED
from app.kit.clock import now
from app.reporting.overlap import Overlap
from app.reporting.planning import Plan
from app.reporting.reporter import Reporter
from app.stats.power_of_proportions import size_for_proportions
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.conftest import AdminFactory
from tests.builders import arm, experiment
from tests.counting import count_all
from tests.integration.planted import Planted
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders, revenue

PLAN = "/api/v1/experiments/plan"
SAID: dict[str, Any] = {"metric": "orders", "placements": ["home.hero"], "effect": 0.25}


class Planner(Planted):
    """A site on which 100 units a day came in for three days, and a tenth of them ordered."""

    client: AsyncClient

    async def plan(self, **wish: Any) -> dict[str, Any]:
        answer = await self.client.post(PLAN, json={**SAID, **wish})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, **wish: Any) -> list[str]:
        answer = await self.client.post(PLAN, json={**SAID, **wish})
        assert answer.status_code == 422, answer.text
        return [error["pointer"] for error in answer.json()["errors"]]


@pytest_asyncio.fixture
async def planner(admin: AdminFactory, new_site: SiteFactory, postgres: Postgres) -> Planner:
    site = await new_site()
    made = Planner(postgres, site.site_id)
    made.client = await admin(Role.VIEWER, site)
    return made


async def seen(planner: Planner, days: int = 3, units: int = 100) -> None:
    running: dict[str, Any] = {"status": "running", "phase": 1, "traffic": 50}
    other = experiment("footer", arms=[arm("a"), arm("b")], status="running", phase=1)
    await planner.publish(
        metrics=[orders(), revenue()],
        experiments=[experiment(primary_metric="orders", **running), other],
    )
    start = now() - timedelta(days=days)
    for day in range(days):
        for i in range(units):
            unit, at = f"d{day}-{i}", start + timedelta(days=day)
            await planner.assign(unit, ("control", "treatment")[i % 2], at)
            if i < units // 10:
                await planner.event(unit, at=at + timedelta(minutes=1))
            if i % 4 == 0:
                await planner.assign(unit, ("a", "b")[i // 4 % 2], at, experiment="footer")
    await count_all(Reporter(planner.postgres.pool))


async def test_traffic_and_baseline_are_those_that_were_seen(planner: Planner) -> None:
    await seen(planner)
    found = await planner.plan(always_valid=False)
    assert (found["traffic_of"], found["baseline_of"]) == ("hero-copy", "hero-copy")
    # Half of the traffic came in with 100 units a day.
    assert found["units_per_day"] == pytest.approx(200)
    assert found["mean"] == pytest.approx(0.1)
    assert found["units_per_arm"] == ceil(size_for_proportions(0.1, 0.125))
    assert found["days"] == -(-found["units"] // 200)
    assert [one["days"] for one in found["detectable"]] == [7, 14, 21, 28, 42, 56]
    effects = [one["effect"] for one in found["detectable"]]
    assert effects == sorted(effects, reverse=True)
    assert found["window_days"] == 14
    assert found["warnings"][0] == "hero-copy runs on home.hero too: many units will be in both"


async def test_days_without_anybody_are_days_all_the_same(planner: Planner) -> None:
    await planner.publish(
        metrics=[orders()],
        experiments=[experiment(primary_metric="orders", status="running", phase=1, traffic=100)],
    )
    for days in (4, 2):
        for i in range(10):
            await planner.assign(
                f"d{days}-{i}", ("control", "treatment")[i % 2], now() - timedelta(days=days)
            )
    await count_all(Reporter(planner.postgres.pool))
    found = await planner.plan(mean=0.1)
    assert found["units_per_day"] == pytest.approx(5)


async def test_to_look_every_day_takes_more_units(planner: Planner) -> None:
    said = {"mean": 0.1, "units_per_day": 1000}
    always, fixed = await planner.plan(**said), await planner.plan(**said, always_valid=False)
    assert fixed["units"] < always["units"] < 4 * fixed["units"]
    assert (always["traffic_of"], always["baseline_of"], always["warnings"]) == (None, None, [])
    more = await planner.plan(**said, arms=3, traffic=50)
    assert more["units_per_arm"] == always["units_per_arm"]
    assert more["units_per_day"] == 500


async def test_a_mean_needs_its_deviation(planner: Planner) -> None:
    assert await planner.refused(mean=20.0, units_per_day=10) == ["/deviation"]
    found = await planner.plan(mean=20.0, deviation=60.0, units_per_day=10, always_valid=False, effect=0.1)
    # 2 (1.95996 + 0.84162)² 60² / 2², by the normal approximation.
    assert found["units_per_arm"] == pytest.approx(14129, abs=5)
    assert "it takes" in found["warnings"][0]


@pytest.mark.parametrize(
    ("said", "place"), [({"mean": 0, "deviation": 1}, "/mean"), ({"mean": 1.5, "deviation": 0}, "/deviation")]
)
async def test_where_nothing_varies_or_nothing_can_grow_there_is_nothing_to_plan(
    planner: Planner, said: dict[str, Any], place: str
) -> None:
    assert await planner.refused(**said, units_per_day=10) == [place]


async def test_a_test_that_nobody_is_in_yet_is_warned_of(planner: Planner) -> None:
    await planner.publish(
        metrics=[orders(window_days=2.5)],
        exclusion_groups=[{"key": "hero", "salt": "h"}],
        experiments=[
            experiment("new", status="running", exclusion_group={"key": "hero", "from": 0, "to": 50}),
            experiment("draft", status="draft"),
            experiment("over", status="stopped"),
        ],
    )
    found = await planner.plan(mean=0.1, units_per_day=1000)
    assert found["warnings"] == [
        "new (exclusion group hero) runs on home.hero too: many units will be in both"
    ]
    assert found["window_days"] == 2.5


@pytest.mark.parametrize(
    "said", [{"traffic": 0}, {"power": 5e-324}, {"power": 1.0}, {"alpha": 0.0}, {"alpha": 0.9}], ids=str
)
async def test_a_plan_that_would_find_nothing_surely_is_none(planner: Planner, said: dict[str, Any]) -> None:
    assert await planner.refused(**said) == [f"/{name}" for name in said]


@pytest.mark.parametrize("value", [1e308, 1e12, 1e-9, 5e-324, -1e308])
async def test_figures_beyond_all_measure_are_planned_with_or_refused(planner: Planner, value: float) -> None:
    await planner.publish(metrics=[orders()], experiments=[])
    for name in ("mean", "deviation", "units_per_day", "effect"):
        wish = {**SAID, "mean": 20.0, "deviation": 3.0, "units_per_day": 10.0, name: value}
        answer = await planner.client.post(PLAN, json=wish)
        assert answer.status_code in {200, 422}, (name, answer.text)
        assert answer.status_code == 422 or answer.json()["units"] > 0


async def test_a_week_is_the_least(planner: Planner) -> None:
    assert "7 days" in (await planner.plan(mean=0.1, units_per_day=1e6))["warnings"][0]


async def test_what_nobody_said_and_nobody_saw_is_named(planner: Planner) -> None:
    assert await planner.refused() == ["/metric"]
    assert await planner.refused(mean=0.1) == ["/units_per_day"]
    assert await planner.refused(mean=0.1, effect=0.0) == ["/effect"]
    await planner.publish(metrics=[orders()], experiments=[])
    assert await planner.refused(units_per_day=5) == ["/mean"]
    assert await planner.refused(extra=1) == ["/extra"]


async def test_an_experiment_that_nobody_acted_in_has_no_baseline(planner: Planner) -> None:
    judged = experiment(primary_metric="orders", status="running", phase=1)
    await planner.publish(metrics=[orders()], experiments=[judged])
    await planner.assign("v", at=now() - timedelta(days=1))
    await count_all(Reporter(planner.postgres.pool))
    assert await planner.refused() == ["/mean"]


def test_the_examples_are_some_of_what_is_answered() -> None:
    assert msgspec.to_builtins(msgspec.convert(PLANNED, Plan)) == PLANNED
    assert msgspec.to_builtins(msgspec.convert(OVERLAPS, list[Overlap])) == OVERLAPS


async def test_units_in_two_experiments_are_counted(planner: Planner) -> None:
    await seen(planner, days=2, units=80)
    [found] = (await planner.client.get("/api/v1/experiments/hero-copy/overlap")).json()
    assert (found["experiment"], found["units"], found["share"]) == ("footer", 40, 0.25)
    assert {(one["arm"], one["other_arm"]): one["units"] for one in found["arms"]} == {
        ("control", "a"): 20,
        ("control", "b"): 20,
    }
    assert found["p_value"] is None
    assert (await planner.client.get("/api/v1/experiments/gone/overlap")).status_code == 404
