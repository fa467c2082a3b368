"""Units who share devices: counting some of them anew comes to what counting all of them comes to."""

import random

import pytest

from app.reporting.alike import with_kin
from app.reporting.reporter import Reporter
from tests.builders import DAY, HOUR, experiment
from tests.counting import count_all
from tests.integration.planted import LONG_AGO, Planted
from tests.integration.summed import WITH_EVERYTHING, from_raw_rows, held

MUM, DAD, KID = "$user:mum", "$user:dad", "$user:kid"
USERS = [MUM, DAD, KID, "$user:gran"]
DEVICES = ["pc", "tablet", "phone", "watch"]
BY_USER = experiment(
    phase=1,
    unit="user",
    status="running",
    primary_metric="orders",
    metrics=[{"metric": "count"}, {"metric": "revenue"}, {"metric": "per-view"}],
)


async def family(planted: Planted) -> None:
    """Let dad use the PC of mum, and mum the tablet of a kid who has a phone too."""
    await planted.merge("pc", MUM)
    await planted.merge("tablet", KID)
    await planted.merge("phone", KID)
    await planted.assign("phone", "treatment")
    await planted.assign("pc", visitor=DAD, at=LONG_AGO + HOUR)
    await planted.assign("tablet", visitor=MUM, at=LONG_AGO + 5 * HOUR)
    for after in (2 * HOUR, 3 * HOUR):
        await planted.event("phone", after, value=10)


async def counted(planted: Planted, reporter: Reporter, *marked: str) -> bool:
    """Count those who are marked, and tell whether that makes the sums right."""
    await planted.mark(*marked)
    await count_all(reporter)
    return await held(planted) == await from_raw_rows(planted)


@pytest.mark.parametrize("actor", [DAD, MUM, KID, "pc", "tablet", "phone"])
async def test_whoever_of_a_family_acts_the_others_count_in_full(
    planted: Planted, reporter: Reporter, actor: str
) -> None:
    await family(planted)
    assert await counted(planted, reporter, *USERS, *DEVICES)
    await planted.event(actor, 6 * HOUR, value=1)
    assert await counted(planted, reporter, actor)


async def test_what_a_guest_did_elsewhere_counts_for_the_unit_that_the_guest_began(
    planted: Planted, reporter: Reporter
) -> None:
    await family(planted)
    await planted.merge("watch", DAD)
    await planted.event("watch", 4 * HOUR, value=7)
    assert await counted(planted, reporter, *USERS, *DEVICES)
    await planted.event(MUM, 6 * HOUR, value=1)
    assert await counted(planted, reporter, MUM)


async def test_of_a_device_that_thousands_use_only_who_had_it_first_is_looked_for(
    planted: Planted, reporter: Reporter
) -> None:
    await planted.merge("kiosk", MUM)
    await planted.merge("phone", MUM)
    for n in range(20):
        await planted.merge("kiosk", f"$user:{n}", DAY + n * HOUR)
        await planted.merge(f"phone-{n}", f"$user:{n}")
        await planted.assign("kiosk", visitor=f"$user:{n}", at=LONG_AGO + n * HOUR)
        await planted.assign(f"phone-{n}", at=LONG_AGO + n * HOUR)
    assert await counted(planted, reporter, "kiosk")
    async with planted.postgres.pool.acquire() as lent:
        read = await with_kin(lent, planted.site_id, "hero-copy", ["kiosk", MUM])  # type: ignore[arg-type] # what a pool lends is a connection in all but its type
    # The first of all guests is who began that unit.
    assert read == ["$user:0", MUM, "kiosk", "phone", "phone-0"]


@pytest.mark.parametrize("by_user", [False, True])
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_devices_are_shared_by_whom_the_sums_follow(
    planted: Planted, *, seed: int, by_user: bool
) -> None:
    rng = random.Random(seed)  # noqa: S311 - drawing what happens is not cryptography
    await planted.publish(**{**WITH_EVERYTHING, **({"experiments": [BY_USER]} if by_user else {})})
    reporter = Reporter(planted.postgres.pool)
    await count_all(reporter)
    for _ in range(40):
        marked = await something(planted, rng, by_user=by_user)
        assert await counted(planted, reporter, *marked)


async def something(planted: Planted, rng: random.Random, *, by_user: bool) -> list[str]:
    """Let something happen; answers whom it marks."""
    device, user = rng.choice(DEVICES), rng.choice(USERS)
    actor, at = rng.choice([device, user]), rng.randrange(200) * HOUR
    match rng.randrange(6):
        case 0 | 1:
            unit = user.removeprefix("$user:") if by_user and actor == user else device
            arm = rng.choice(["control", "treatment"])
            shown = await planted.assign(unit, arm, LONG_AGO + at, visitor=actor)
            if rng.randrange(2):
                of = {"decision_id": str(shown), "placement": "home.hero"}
                await planted.event(actor, at + HOUR / 2, name="$exposure", **of)
        case 2:
            await planted.merge(device, user, at)
            return [device, user]
        case 3 if rng.randrange(2):
            await planted.unmerge(device, user, at)
            return [device, user]
        case _:
            await planted.event(actor, at + HOUR / 3, value=rng.randrange(90))
    return [actor]
