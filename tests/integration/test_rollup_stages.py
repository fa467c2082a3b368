"""Metrics of stages follow whatever moves a visitor, and the journey as it is published by now."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from app.journal.ship import Shipper
from app.reporting.marks import Marking
from app.reporting.reporter import Reporter
from tests.builders import DAY, experiment, ruleset
from tests.counting import count_all
from tests.integration.planted import LONG_AGO, Planted, sums
from tests.integration.shipped import shipping

REACHED = {"key": "m", "kind": "stage_reached", "stage": "b"}
PROGRESSED = {"key": "m", "kind": "stage_progressed"}


def journey(*stages: str, key: str = "purchase") -> dict[str, Any]:
    """The primary journey."""
    return {"key": key, "primary": True, "stages": [{"key": stage} for stage in stages]}


async def publish(planted: Planted, number: int, metric: dict[str, Any], own: dict[str, Any]) -> None:
    """Put a metric and a journey in force."""
    judged = experiment(phase=1, primary_metric="m", status="running")
    await planted.publish(number, metrics=[metric], experiments=[judged], journeys=[own])


async def moved(planted: Planted, visitor: str, stage: str) -> None:
    """Log a change of stage."""
    move = {"journey": "purchase", "stage": stage, "because": f"{stage}.when", "revision": 1}
    await planted._insert(
        "stage_moves", {**move, "id": uuid.uuid4(), "visitor": visitor, "at": LONG_AGO + DAY}
    )


async def test_who_reaches_a_stage_by_a_trait_that_was_set_is_counted_anew(
    planted: Planted, tmp_path: Path
) -> None:
    stages = [{"key": "a"}, {"key": "b", "when": {"traits.plan": "pro"}}]
    rules = ruleset(journeys=[{"key": "purchase", "primary": True, "stages": stages}])
    reporter = Reporter(planted.postgres.pool)
    with shipping(planted.postgres.pool, planted.site_id, tmp_path, rules) as shipped:
        await publish(planted, 1, REACHED, journey("a", "b"))
        shipper = Shipper(tmp_path, planted.postgres.pool, Marking(shipped.durable))
        for record in (
            shipped.taken("v", "control"),
            shipped.did("v", "x", 1),
            shipped.set("v", 5, plan="pro"),
        ):
            await shipped.journal.append([record])
            await shipper.ship_once()
            await count_all(reporter)
    assert sums(await planted.results(), "m")["control"] == (1, 1, 1)


@pytest.mark.parametrize(
    ("metric", "own"),
    [
        (PROGRESSED, journey("a", "c", "b")),
        (PROGRESSED, journey("a", "b", "c", key="other")),
        (REACHED, journey("a", "b", "c", key="other")),
    ],
)
async def test_another_journey_counts_everybody_anew(
    planted: Planted, metric: dict[str, Any], own: dict[str, Any]
) -> None:
    reporter = Reporter(planted.postgres.pool)
    await publish(planted, 1, metric, journey("a", "b", "c"))
    for unit in ("v", "w"):
        await planted.assign(unit, stages='{"purchase": "b"}')
        await moved(planted, unit, metric.get("stage", "c"))
    await count_all(reporter)
    assert sums(await planted.results(), "m")["control"] == (2, 2, 2)
    await publish(planted, 2, metric, own)
    await planted.mark("v")
    await count_all(reporter)
    assert sums(await planted.results(), "m")["control"] == (2, 0, 0)


async def test_where_the_order_of_stages_does_not_matter_nobody_is_counted_anew(planted: Planted) -> None:
    reporter = Reporter(planted.postgres.pool)
    await publish(planted, 1, REACHED, journey("a", "b"))
    await planted.assign("v")
    await count_all(reporter)
    await publish(planted, 2, REACHED, journey("a", "b", "c"))
    await moved(planted, "v", "b")
    await count_all(reporter)
    assert sums(await planted.results(), "m")["control"] == (1, 0, 0)
