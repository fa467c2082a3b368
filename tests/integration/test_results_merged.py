"""Visitors who turn out to be one user are one unit, with the earliest arm and all that they did."""

from typing import Any

from app.reporting.question import Population
from app.storage.postgres import Postgres
from tests.builders import DAY, HOUR, experiment
from tests.integration.planted import LONG_AGO, Planted, sums
from tests.sites import SiteFactory

USER, OTHER = "$user:u-1", "$user:u-2"
BY_USER = experiment(
    unit="user", primary_metric="orders", metrics=[{"metric": "count"}, {"metric": "revenue"}]
)


async def two_devices(planted: Planted, **fields: Any) -> None:
    """Assign a phone to `control`, an hour later a tablet to `treatment`, and a stranger to `treatment`."""
    await planted.publish(**fields)
    await planted.assign("phone")
    await planted.assign("tablet", "treatment", LONG_AGO + HOUR)
    await planted.assign("stranger", "treatment")


async def test_devices_of_one_user_are_one_unit_in_the_earliest_arm(planted: Planted) -> None:
    await two_devices(planted)
    assert sums(await planted.results(), "orders") == {"control": (1, 0, 0), "treatment": (2, 0, 0)}

    await planted.merge("phone", USER)
    await planted.merge("tablet", USER)

    found = await planted.results()
    assert sums(found, "orders") == {"control": (1, 0, 0), "treatment": (1, 0, 0)}
    assert (found.units, found.crossed_units) == (2, 1)


async def test_devices_that_were_given_the_same_arm_have_not_crossed(planted: Planted) -> None:
    await planted.publish()
    for device in ("phone", "tablet"):
        await planted.assign(device)
        await planted.merge(device, USER)

    found = await planted.results()

    assert (found.units, found.crossed_units) == (1, 0)


async def test_the_merge_of_one_device_alone_crosses_nothing(planted: Planted) -> None:
    await two_devices(planted)
    await planted.merge("phone", USER)

    found = await planted.results()

    assert sums(found, "orders") == {"control": (1, 0, 0), "treatment": (2, 0, 0)}
    assert found.crossed_units == 0


async def test_what_was_done_on_any_device_and_as_the_user_counts_once(planted: Planted) -> None:
    await two_devices(planted)
    await planted.merge("phone", USER)
    await planted.merge("tablet", USER)
    for n, actor in enumerate(("phone", "tablet", USER)):
        await planted.event(actor, 2 * DAY, value=10**n)
    await planted.event("stranger", value=1_000)
    await planted.event(OTHER, value=10_000)

    found = await planted.results()

    assert sums(found, "revenue") == {"control": (1, 111, 111**2), "treatment": (1, 1_000, 1_000**2)}
    assert sums(found, "count") == {"control": (1, 3, 9), "treatment": (1, 1, 1)}


async def test_what_was_done_before_the_earliest_assignment_does_not_count(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("phone", at=LONG_AGO + DAY)
    await planted.assign("tablet", at=LONG_AGO + 3 * DAY)
    for device in ("phone", "tablet"):
        await planted.merge(device, USER)
    await planted.event("tablet", HOUR)
    await planted.event("tablet", 2 * DAY)

    assert sums(await planted.results(), "count")["control"] == (1, 1, 1)


async def test_a_user_who_was_first_assigned_when_logged_in_has_what_the_device_did(planted: Planted) -> None:
    await planted.publish()
    await planted.assign("phone", visitor=USER)
    await planted.merge("phone", USER)
    await planted.event("phone", value=1)
    await planted.event(USER, value=2)

    assert sums(await planted.results(), "revenue")["control"] == (1, 3, 9)


async def test_a_unit_of_many_devices_and_events_counts_in_full(planted: Planted) -> None:
    await planted.publish()
    for device in ("phone", "tablet", "desk"):
        await planted.assign(device)
        await planted.merge(device, USER)
        for n in range(200):
            await planted.event(device, DAY + n * HOUR / 60)

    assert sums(await planted.results(), "count")["control"] == (1, 600, 360_000)


async def test_an_undone_merge_makes_them_two_units_again(planted: Planted) -> None:
    await two_devices(planted)
    before = await planted.results()
    await planted.merge("phone", USER)
    await planted.merge("tablet", USER)
    await planted.unmerge("tablet", USER, 2 * DAY)

    found = await planted.results()

    assert (found.metrics, found.crossed_units) == (before.metrics, 0)


async def test_after_an_undoing_the_next_merge_counts(planted: Planted) -> None:
    await two_devices(planted)
    await planted.merge("phone", USER, DAY)
    await planted.unmerge("phone", USER, 2 * DAY)
    await planted.merge("phone", OTHER, 3 * DAY)
    await planted.merge("tablet", OTHER)

    assert (await planted.results()).units == 2


async def test_who_comes_second_to_a_device_takes_over_no_unit(planted: Planted) -> None:
    await two_devices(planted)
    await planted.merge("phone", USER, DAY)
    await planted.merge("phone", OTHER, 2 * DAY)
    await planted.merge("tablet", OTHER)
    assert (await planted.results()).units == 3

    # Nor when what was first is undone: by then the second merge had come to nothing.
    await planted.unmerge("phone", USER, 3 * DAY)

    assert (await planted.results()).units == 3


async def test_a_unit_counts_in_the_phase_of_its_earliest_assignment(planted: Planted) -> None:
    await planted.publish(1)
    await planted.publish(2, experiments=[experiment(phase=2, primary_metric="orders")])
    await planted.assign("phone")
    await planted.assign("tablet", at=LONG_AGO + HOUR, phase=2, revision=2)
    for device in ("phone", "tablet"):
        await planted.merge(device, USER)

    assert [(await planted.results(phase=phase)).units for phase in (1, 2)] == [1, 0]


async def test_a_unit_is_exposed_where_one_of_its_devices_was(planted: Planted) -> None:
    await two_devices(planted)
    shown = await planted.assign("tablet", "treatment", LONG_AGO + 2 * HOUR, first=False)
    await planted.event("tablet", 2 * HOUR, name="$exposure", decision_id=str(shown), placement="home.hero")
    for device in ("phone", "tablet"):
        await planted.merge(device, USER)

    found = await planted.results(population=Population.EXPOSED)

    assert sums(found, "orders") == {"control": (1, 0, 0), "treatment": (0, 0, 0)}


async def test_a_user_who_was_taken_in_before_login_is_one_unit_with_who_they_are(planted: Planted) -> None:
    await planted.publish(experiments=[BY_USER])
    await planted.assign("phone")
    await planted.assign("u-1", visitor=USER, at=LONG_AGO + HOUR)
    await planted.assign("u-2", visitor=OTHER)
    await planted.merge("phone", USER)
    await planted.event(USER, value=5)

    found = await planted.results()

    assert found.units == 2
    assert sums(found, "revenue")["control"] == (2, 5, 25)


async def test_a_user_and_a_device_of_the_same_name_are_not_the_same(planted: Planted) -> None:
    await planted.publish(experiments=[BY_USER])
    await planted.assign("u-2", visitor=OTHER)
    await planted.assign("u-1", visitor=USER)
    await planted.merge("u-2", USER)

    assert (await planted.results()).units == 2


async def test_no_site_sees_the_merges_of_another(
    planted: Planted, postgres: Postgres, new_site: SiteFactory
) -> None:
    other = Planted(postgres, (await new_site()).site_id)
    for site in (planted, other):
        await two_devices(site)
    await other.merge("phone", USER)
    await other.merge("tablet", USER)
    await other.unmerge("stranger", USER, DAY)
    await planted.merge("stranger", USER)

    assert [(await site.results()).units for site in (planted, other)] == [3, 2]
