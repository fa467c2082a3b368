"""What units did stays counted when retention takes the rows, in a database where no other test loses any."""

import random
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.reporting.reporter import Reporter
from app.storage.postgres import Postgres
from app.storage.retention import Keeper
from tests.builders import DAY, HOUR
from tests.databases import new_postgres
from tests.integration.letting_go import FOR_EVER, LATER, LettingGo, a_site
from tests.integration.planted import LONG_AGO
from tests.integration.summed import from_raw_rows, held
from tests.integration.test_rollup_shared import BY_USER, DEVICES, MUM, USERS, counted, something
from tests.unit.reporting.counted import orders, revenue


@pytest_asyncio.fixture(scope="module")
async def stores(servers: Servers) -> AsyncIterator[Postgres]:
    async with new_postgres(servers.database_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def site(stores: Postgres) -> LettingGo:
    return await a_site(stores)


async def test_it_is_known_since_when_a_site_has_all_its_rows(site: LettingGo) -> None:
    await site.keep({"events_days": 90})
    await site.let_go(LATER)
    assert await site.since() == {
        "assignments": LATER - 3_650 * DAY,
        "decisions": LATER - 30 * DAY,
        "events": LATER - 90 * DAY,
    }


async def test_to_keep_more_from_now_on_brings_nothing_back(site: LettingGo) -> None:
    await site.keep({"events_days": 90})
    await site.let_go(LATER)
    before = await site.since()
    await site.keep(FOR_EVER)
    await site.let_go(LATER)
    assert await site.since() == before


async def test_it_is_known_before_anything_goes(site: LettingGo) -> None:
    await site.keep({"assignments_days": 30})
    await site.assign("v")
    fails = Keeper(site.postgres.pool, now=lambda: LATER, batch_rows=-1)
    with pytest.raises(asyncpg.InvalidRowCountInLimitClauseError):
        await fails.let_go()
    assert await site.rows("assignments") == 1
    assert await site.since() == {"assignments": LATER - 30 * DAY}


async def test_who_comes_back_after_the_events_went_keeps_what_was_done(site: LettingGo) -> None:
    await site.keep({"events_days": 90})
    shown = await site.assign("v")
    await site.event("v", HOUR, name="$exposure", decision_id=str(shown), placement="home.hero")
    await site.event("v", DAY, value=10)
    before = await site.count("v")
    assert {cell.exposed for cell in before} == {True}
    await site.let_go(LATER)
    assert await site.rows("events") == 0

    await site.event("v", at=LATER)
    assert await site.count("v") == before


async def test_who_comes_back_after_the_first_assignment_went_stays_in_that_phase_and_arm(
    site: LettingGo,
) -> None:
    await site.keep({"assignments_days": 30})
    await site.assign("v", stage="awareness", segments=["new"], device="tv", country="DE")
    await site.event("v", DAY, value=10)
    before = await site.count("v")
    await site.let_go(LATER)
    assert await site.rows("assignments") == 0

    await site.assign("v", phase=2, at=LATER)
    await site.event("v", at=LATER + DAY)
    assert await site.count("v") == before


async def test_another_arm_crosses_a_unit_whose_first_assignment_is_gone_and_no_later_one_undoes_it(
    site: LettingGo,
) -> None:
    await site.keep({"assignments_days": 30})
    await site.assign("v")
    await site.count("v")
    await site.let_go(LATER)
    await site.assign("v", "treatment", LATER)
    crossed = await site.count("v")
    assert {(cell.arm, units, both) for cell, (units, both, _) in crossed.items()} == {("control", 1, 1)}
    await site.let_go(LATER + 60 * DAY)

    await site.assign("v", at=LATER + 60 * DAY)
    assert await site.count("v") == crossed


@pytest.mark.parametrize("device", [None, "pc"])
async def test_while_its_window_is_open_a_unit_without_its_assignment_counts_on(
    site: LettingGo, stores: Postgres, device: str | None
) -> None:
    """Another site, which keeps everything, tells what must come out."""
    other = await a_site(stores)
    for one, days in ((site, 1), (other, 3_650)):
        await one.keep({"assignments_days": days})
        if device is not None:
            await one.merge(device, MUM, HOUR)
        await one.assign(device or MUM)
        await one.count(MUM)
    await site.let_go(LONG_AGO + 3 * DAY)
    assert (await site.rows("assignments"), await other.rows("assignments")) == (0, 1)

    for one in (site, other):
        await one.assign(MUM, at=LONG_AGO + 4 * DAY)
        await one.event(MUM, 4 * DAY, value=10)
        if device is not None:
            await one.event(device, 5 * DAY, value=7)
        await one.count(MUM)
    assert await held(site) == await held(other)


async def test_of_what_came_before_an_assignment_nothing_goes_while_what_comes_after_is_added(
    site: LettingGo,
) -> None:
    await site.judged_by(revenue(covariate_days=60, window_days=80), events_days=90)
    await site.assign("v")
    await site.event("v", -50 * DAY, value=3)
    await site.event("v", 10 * DAY, value=10)
    await site.count("v")
    await site.let_go(LONG_AGO + 70 * DAY)
    assert await site.rows("events") == 1

    await site.event("v", 71 * DAY, value=7)
    await site.count("v")
    assert (await site.worth("v"))[:2] == [17, 3]


async def test_what_is_measured_from_later_on_counts_as_long_as_that_is_kept(site: LettingGo) -> None:
    late = orders("late", kind="retention", after_days=60)
    await site.judged_by(orders("count", kind="count"), late, events_days=90)
    await site.assign("v")
    await site.event("v", DAY)
    await site.count("v")
    await site.let_go(LATER)

    await site.event("v", 65 * DAY)
    await site.count("v")
    assert await site.worth("v") == [1, 1]


@pytest.mark.parametrize("kept", [{"events_days": 90}, {"assignments_days": 90}])
async def test_whose_window_reaches_behind_what_is_kept_is_not_counted_for_the_first_time(
    site: LettingGo, kept: dict[str, int]
) -> None:
    await site.keep(kept)
    await site.let_go(LATER)
    await site.assign("late")
    await site.assign("new", at=LONG_AGO + 11 * DAY)
    counts = await site.count("late", "new")
    assert {cell.day for cell in counts if not cell.cut} == {(LONG_AGO + 11 * DAY).date()}
    assert counts == await from_raw_rows(site)

    await Reporter(site.postgres.pool).recount()
    assert await held(site) == counts


async def test_what_is_merged_after_its_rows_went_counts_once_as_it_first_was(site: LettingGo) -> None:
    await site.keep({"assignments_days": 30, "events_days": 90})
    await site.assign("pc", "treatment")
    await site.event("pc", value=10)
    before = await site.count("pc")
    await site.let_go(LATER)
    await site.assign("phone", at=LATER)
    assert len(await site.count("phone")) > len(before)

    await site.merge("phone", MUM, 101 * DAY)
    await site.merge("pc", MUM, 102 * DAY)
    merged = await site.count("pc", "phone", MUM)
    assert {cell: found[0] for cell, found in merged.items()} == dict.fromkeys(before, 1)
    assert [found[2] for found in merged.values()] == [found[2] for found in before.values()]


@pytest.mark.parametrize("kept", [{"events_days": 90}, {"assignments_days": 30}])
@pytest.mark.parametrize("erased", ["pc", MUM])
async def test_who_is_erased_is_taken_out_whatever_is_left_of_the_rows(
    site: LettingGo, kept: dict[str, int], erased: str
) -> None:
    await site.keep(kept)
    await site.merge("pc", MUM)
    await site.assign("pc")
    await site.event("pc", value=10)
    await site.assign("other")
    alone = await site.count("other")
    assert await site.count("pc", MUM) != alone
    await site.let_go(LATER)

    await site.erase(erased, 101 * DAY)
    await site.turn()
    assert await held(site) == alone
    assert await site.count("pc", MUM) == alone


async def test_what_an_erased_device_did_for_a_user_does_not_stay_with_that_user(site: LettingGo) -> None:
    await site.keep({"events_days": 90})
    await site.assign(MUM)
    await site.merge("pc", MUM)
    await site.event("pc", 2 * DAY, value=10)
    await site.count("pc", MUM)
    await site.let_go(LATER)

    await site.erase("pc", 101 * DAY)
    await site.turn()
    assert await held(site) == {}


async def test_who_comes_back_after_being_erased_is_counted_as_anybody_else(site: LettingGo) -> None:
    await site.keep({"events_days": 90})
    await site.assign("v")
    await site.count("v")
    await site.erase("v", 50 * DAY)
    await site.assign("v", "treatment", LONG_AGO + 51 * DAY)
    await site.event("v", 52 * DAY, value=1)
    again = await site.count("v")
    assert {cell.arm for cell in again} == {"treatment"}
    await site.let_go(LONG_AGO + 145 * DAY)
    assert await site.rows("events") == 0

    assert await site.count("v") == again


@pytest.mark.parametrize("kept", [{"events_days": 90}, {"assignments_days": 1}])
@pytest.mark.parametrize("by_user", [False, True])
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_a_family_did_stays_as_it_was_counted(
    site: LettingGo, kept: dict[str, int], *, seed: int, by_user: bool
) -> None:
    rng = random.Random(seed)  # noqa: S311 - drawing what happens is not cryptography
    await site.keep(kept, **({"experiments": [BY_USER]} if by_user else {}))
    for _ in range(30):
        marked = await something(site, rng, by_user=by_user)
        assert await counted(site, Reporter(site.postgres.pool), *marked)
    everything = await held(site)

    for days in (1, 3, 5, 8, 12, 20, 88, 91, 93, 95, 98, 130):
        await site.let_go(LONG_AGO + days * DAY)
        for _ in range(3):
            assert await site.count(rng.choice(USERS + DEVICES)) == everything
