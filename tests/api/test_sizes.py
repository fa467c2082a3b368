"""How many visitors are in segments and stages, over HTTP."""

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.engine.profile import Profile
from app.engine.visitor import Standing
from app.kit import clock
from app.storage.postgres import Postgres
from tests.api.answers import publish
from tests.api.conftest import AdminFactory
from tests.api.sizes_site import ALL, OVERLAP, RULES, SITE, STAGES, keep, many, read
from tests.sites import SiteFactory


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def client(admin: AdminFactory, site: NewSite) -> AsyncClient:
    opened = await admin(site=site)
    await publish(opened, dict(SITE))
    return opened


async def test_sizes_are_those_of_a_naive_count(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    profiles = await many(postgres, site, 300)
    now = clock.now()
    seen = [RULES.see(profile, {}, Standing(visitor="v"), now) for profile in profiles.values()]

    sizes = await read(client, postgres, ALL)
    stages = await read(client, postgres, STAGES)

    assert {size["segment"]: size["visitors"] for size in sizes["items"]} == {
        key: sum(key in visitor.segments for visitor in seen) for key in ("vip", "keen", "german", "here")
    }
    assert {stage["stage"]: stage["visitors"] for stage in stages["items"]} == {
        key: sum(visitor.stages["purchase"] == key for visitor in seen) for key in ("new", "known")
    }
    assert all(size["interval"] == [size["visitors"]] * 2 for size in sizes["items"])
    sample = sizes["sample"]
    assert (sample["profiles"], sample["sampled"], sample["visitors"], sample["exact"]) == (
        300,
        300,
        300,
        True,
    )
    assert sample["approximate"] == sum(not RULES.has_counted(profile) for profile in profiles.values()) > 0


async def test_what_asks_for_the_context_finds_none_and_says_so(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    await many(postgres, site, 20)

    sizes = {size["segment"]: size for size in (await read(client, postgres, ALL))["items"]}

    bound = {key: size["depends_on_context"] for key, size in sizes.items()}
    assert bound == {"vip": False, "keen": False, "german": True, "here": True}
    assert sizes["german"]["visitors"] == 0
    assert sizes["here"]["visitors"] == sizes["vip"]["visitors"] > 0
    assert (await read(client, postgres, STAGES))["depends_on_context"] is False


async def test_a_sample_is_scaled_and_its_interval_holds_the_truth(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    profiles = await many(postgres, site, 1_000)
    truth = sum(profile.traits["vip"] for profile in profiles.values())

    one = await read(client, postgres, "/api/v1/segments/vip/size", sample=250)
    again = await read(client, postgres, "/api/v1/segments/vip/size", sample=250)

    low, high = one["interval"]
    assert (one["sample"]["profiles"], one["sample"]["sampled"], one["sample"]["exact"]) == (
        1_000,
        250,
        False,
    )
    assert low < one["visitors"] < high
    assert low <= truth <= high
    assert one == again


async def test_profiles_that_are_nobodys_are_not_counted(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    vip = Profile(traits={"vip": True})
    await keep(postgres, site, {"a": vip, "b": Profile(owner="$user:u"), "$user:u": vip, "made": None})

    one = await read(client, postgres, "/api/v1/segments/vip/size")

    assert (one["visitors"], one["share"]) == (2, 1.0)
    assert (one["sample"]["profiles"], one["sample"]["visitors"]) == (4, 2)


async def test_a_site_without_visitors_has_sizes_of_nothing(client: AsyncClient, postgres: Postgres) -> None:
    one = await read(client, postgres, "/api/v1/segments/vip/size")

    assert (one["visitors"], one["interval"], one["share"]) == (0, [0, 0], None)


async def test_a_segment_that_is_too_small_to_learn_from_is_warned_of(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    await many(postgres, site, 20)

    [warning] = (await read(client, postgres, "/api/v1/segments/vip/size"))["warnings"]

    assert warning["code"] == "too_small_to_learn_from"
    assert warning["units_needed"] == 3_140
    assert "0.05" in warning["rule"]


async def test_overlaps_are_told_as_jaccard_and_page(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    profiles = await many(postgres, site, 200)
    vip = {key for key, profile in profiles.items() if profile.traits["vip"]}
    keen = {key for key, profile in profiles.items() if profile.counters["viewed"].count >= 3}

    every = await read(client, postgres, OVERLAP)
    pair = await read(client, postgres, OVERLAP, segment=["keen", "vip"])
    first = await read(client, postgres, OVERLAP, limit=1)
    rest = await read(client, postgres, OVERLAP, limit=5, cursor=first["next_cursor"])

    [one] = pair["items"]
    assert (set(one["segments"]), one["visitors"]) == ({"vip", "keen"}, len(vip & keen))
    assert one["jaccard"] == pytest.approx(len(vip & keen) / len(vip | keen), abs=1e-6)
    assert every["items"][0]["jaccard"] == 1.0
    assert set(every["items"][0]["segments"]) == {"vip", "here"}
    assert first["items"] + rest["items"] == every["items"]
    assert (rest["next_cursor"], every["left_out"]) == (None, 0)
