import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.reporting.report import ArmUnits
from app.storage.postgres import Postgres
from tests.builders import DAY, HOUR, NOW, experiment
from tests.integration.planted import LONG_AGO, Planted, sums
from tests.sites import SiteFactory
from tests.unit.reporting.counted import orders, revenue

MICROSECOND = timedelta(microseconds=1)
INSTANT = timedelta(0)


async def test_units_sums_and_means_are_exactly_those_planted(planted: Planted) -> None:
    await planted.publish()
    for i in range(4):
        await planted.assign(f"c{i}")
        await planted.assign(f"t{i}", "treatment")
    await planted.event("c0", value=10)
    await planted.event("c0", value=5.5)
    await planted.event("t0", value="20")
    await planted.event("t1", value=True)
    await planted.event("t2", name="page_viewed", value=99)
    found = await planted.results()
    assert found.arms == [ArmUnits("control", 4, 0.5), ArmUnits("treatment", 4, 0.5)]
    assert sums(found, "orders") == {"control": (4, 1, 1), "treatment": (4, 2, 2)}
    assert sums(found, "count") == {"control": (4, 2, 4), "treatment": (4, 2, 2)}
    assert sums(found, "revenue") == {"control": (4, 15.5, 15.5**2), "treatment": (4, 20, 400)}
    assert found.sample_ratio.p_value == 1


async def test_an_experiment_without_a_unit_shows_its_arms_empty(planted: Planted) -> None:
    await planted.publish()
    found = await planted.results()
    assert sums(found, "orders") == {"control": (0, 0, 0), "treatment": (0, 0, 0)}
    assert (found.units, found.verdict.call) == (0, "keep_running")


async def test_a_change_of_stage_is_not_what_a_page_calls_so(planted: Planted) -> None:
    reached = {"key": "reached", "kind": "stage_reached", "stage": "decision"}
    judged = experiment(phase=1, primary_metric="reached")
    await planted.publish(metrics=[reached], experiments=[judged], journeys=[{"key": "purchase"}])
    for unit in ("c0", "c1"):
        await planted.assign(unit)
    await planted.event("c0", name="$stage", journey="purchase", stage="decision")
    move = {"journey": "purchase", "stage": "decision", "because": "decision.when", "revision": 1}
    await planted._insert("stage_moves", {**move, "id": uuid.uuid4(), "visitor": "c1", "at": LONG_AGO + DAY})
    found = await planted.results()
    assert sums(found, "reached")["control"] == (2, 1, 1)


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (-DAY, 0),
        (INSTANT, 0),
        (MICROSECOND, 1),
        (14 * DAY, 1),
        (14 * DAY + MICROSECOND, 0),
    ],
    ids=["before", "at the assignment", "just after", "as the window closes", "too late"],
)
async def test_events_count_strictly_after_the_assignment_and_within_the_window(
    planted: Planted, after: timedelta, counts: int
) -> None:
    await planted.publish()
    await planted.assign("v")
    await planted.event("v", after, value=3)
    found = await planted.results()
    assert sums(found, "orders")["control"] == (1, counts, counts)
    assert sums(found, "revenue")["control"] == (1, 3 * counts, 9 * counts)


async def test_each_metric_has_a_window_of_its_own(planted: Planted) -> None:
    metrics = [orders(window_days=1), orders("late", window_days=30)]
    uses = experiment(primary_metric="orders", metrics=[{"metric": "late"}])
    await planted.publish(metrics=metrics, experiments=[uses])
    await planted.assign("v")
    await planted.event("v", 2 * DAY)
    found = await planted.results()
    assert (sums(found, "orders")["control"], sums(found, "late")["control"]) == ((1, 0, 0), (1, 1, 1))


async def test_a_unit_counts_once_however_often_its_arm_was_continued(planted: Planted) -> None:
    await planted.publish()
    for hours in (5, 0, 3):
        await planted.assign("v", at=LONG_AGO + hours * HOUR, first=not hours)
    # Counted from the earliest assignment, though a later one was stored first.
    await planted.event("v", HOUR)
    found = await planted.results()
    assert sums(found, "orders") == {"control": (1, 1, 1), "treatment": (0, 0, 0)}
    assert found.crossed_units == 0


async def test_a_crossed_unit_counts_in_its_earliest_arm_and_is_counted_as_crossed(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("v", "treatment", LONG_AGO + HOUR)
    await planted.assign("v", "control", LONG_AGO)
    await planted.assign("w", "treatment")
    found = await planted.results()
    assert sums(found, "orders") == {"control": (1, 0, 0), "treatment": (1, 0, 0)}
    assert found.crossed_units == 1
    assert found.verdict.call == "broken"


async def test_of_two_arms_at_one_instant_the_smaller_decision_id_comes_first(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("v", "treatment", decision_id=uuid.UUID(int=2))
    await planted.assign("v", "control", decision_id=uuid.UUID(int=1))
    assert sums(await planted.results(), "orders")["control"] == (1, 0, 0)


async def test_only_events_that_meet_the_condition_count(planted: Planted) -> None:
    judged = revenue(where={"properties.currency": "EUR", "properties.value": {"$gt": 1}})
    await planted.publish(metrics=[judged], experiments=[experiment(primary_metric="revenue")])
    await planted.assign("v")
    await planted.event("v", value=10, currency="EUR")
    await planted.event("v", value=100, currency="USD")
    await planted.event("v", value=1, currency="EUR")
    assert sums(await planted.results(), "revenue")["control"] == (1, 10, 100)


async def test_a_trusted_metric_counts_only_trusted_events(planted: Planted) -> None:
    judged = [orders(trusted=True), orders("any")]
    uses = experiment(primary_metric="orders", metrics=[{"metric": "any"}])
    await planted.publish(metrics=judged, experiments=[uses])
    await planted.assign("v")
    await planted.assign("w")
    await planted.event("v", trusted=True)
    await planted.event("w")
    found = await planted.results()
    assert (sums(found, "orders")["control"], sums(found, "any")["control"]) == ((2, 1, 1), (2, 2, 2))


async def test_events_kept_for_the_profile_alone_do_not_count(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("v")
    await planted.event("v", profile_only=True)
    assert sums(await planted.results(), "orders")["control"] == (1, 0, 0)


async def test_no_site_sees_another_ones_units_or_events(
    planted: Planted, postgres: Postgres, new_site: SiteFactory
) -> None:
    other = Planted(postgres, (await new_site()).site_id)
    for site in (planted, other):
        await site.publish()
        await site.assign("v")
    await other.assign("w", "treatment")
    await other.event("v")
    assert sums(await planted.results(), "orders") == {"control": (1, 0, 0), "treatment": (0, 0, 0)}
    assert sums(await other.results(), "orders") == {"control": (1, 1, 1), "treatment": (1, 0, 0)}


async def test_another_experiment_of_the_site_does_not_count(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("v")
    await planted.assign("w", experiment="other")
    assert (await planted.results()).units == 1


async def test_units_whose_longest_window_has_closed_by_the_end_of_their_day_are_complete(
    planted: Planted,
) -> None:
    await planted.publish()
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    await planted.assign("v", at=midnight - 14 * DAY - MICROSECOND)
    await planted.assign("w", at=midnight - 14 * DAY)
    found = await planted.results()
    assert (found.units, found.units_complete) == (2, 1)


async def test_a_users_events_are_those_of_the_visitor_who_was_assigned(planted: Planted) -> None:
    judged = experiment(unit="user", primary_metric="orders")
    await planted.publish(experiments=[judged])
    await planted.assign("user-1", visitor="v-1")
    await planted.event("v-1")
    await planted.event("user-1")
    await planted.event("v-1")
    assert sums(await planted.results(), "orders")["control"] == (1, 1, 1)


async def test_a_visitor_who_does_more_than_fits_one_row_counts_in_full(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("busy")
    for i in range(600):
        await planted.event("busy", (i + 1) * HOUR / 60, value=2)
    found = await planted.results()
    assert sums(found, "orders")["control"] == (1, 1, 1)
    assert sums(found, "count")["control"] == (1, 600, 360_000)
    assert sums(found, "revenue")["control"] == (1, 1_200, 1_440_000)


async def test_more_units_than_are_fetched_at_once_all_count(planted: Planted) -> None:
    await planted.publish()
    for i in range(120):
        await planted.assign(f"v{i}", "treatment" if i % 2 else "control")
        await planted.event(f"v{i}", value=1)
    assert sums(await planted.results(), "revenue") == {"control": (60, 60, 60), "treatment": (60, 60, 60)}


async def test_days_that_lie_in_different_partitions_are_counted_together(planted: Planted) -> None:
    now = datetime.now(UTC)
    await planted.publish()
    await planted.assign("v", at=now - 40 * DAY)
    await planted.event("v", at=now - 39 * DAY, value=1)
    await planted.event("v", at=now - 30 * DAY, value=2)
    assert sums(await planted.results(now=now), "revenue")["control"] == (1, 3, 9)


@pytest.mark.parametrize("value", [1e308, 10**300, -1.5e-320, "1e999", "nan", float(2**63)])
async def test_a_hostile_value_harms_nothing(planted: Planted, value: Any) -> None:
    await planted.publish()
    await planted.assign("v")
    await planted.event("v", value=value)
    await planted.event("v", value=value)
    assert sums(await planted.results(), "count")["control"] == (1, 2, 4)
