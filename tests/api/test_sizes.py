"""How many visitors are in segments and stages, over HTTP."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.engine.compile import compile_ruleset, parse_document
from app.engine.profile import Counter, Profile, StageHeld
from app.engine.visitor import Standing
from app.kit import clock
from app.profiles.codec import encode_profile
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import pointers, publish, said
from tests.api.conftest import AdminFactory
from tests.api.runs import do_runs
from tests.builders import document, journey, segment
from tests.sites import SiteFactory

ALL, OVERLAP = "/api/v1/segment-sizes", "/api/v1/segment-overlap"
STAGES = "/api/v1/journeys/purchase/stages/sizes"
SITE: Mapping[str, Any] = document(
    segments=[
        segment("vip", {"traits.vip": True}),
        segment("keen", {"events.viewed.count": {"$gte": 3}}),
        segment("german", {"context.country": "DE"}),
        segment("here", {"context.country": None, "traits.vip": True}),
    ],
    journeys=[
        journey("new", {"key": "known", "when": {"events.viewed.count": {"$gte": 2}}, "decay_after_days": 30})
    ],
)
RULES = compile_ruleset(parse_document(SITE), 1)
AGO_MS = 1_000_000_000_000


def some_profile(draw: random.Random) -> Profile:
    viewed = draw.randint(1, 5)
    counter = Counter(count=viewed, first_ms=AGO_MS, last_ms=AGO_MS)
    long_gone = draw.random() < 0.2
    return Profile(
        first_ms=AGO_MS,
        last_event_ms=AGO_MS if long_gone else AGO_MS * 2,
        traits={"vip": draw.random() < 0.3},
        counters={"viewed": counter},
        stages={"purchase": StageHeld("known" if viewed > 1 else "new", AGO_MS)},
        events=viewed,
        asked=RULES.asked if draw.random() < 0.9 else "another",
    )


async def keep(postgres: Postgres, site: NewSite, profiles: Mapping[str, Profile | None]) -> None:
    """Store profiles as shipping does; None has just been made."""
    rows = [
        (site.site_id, visitor, b"" if profile is None else encode_profile(profile))
        for visitor, profile in profiles.items()
    ]
    columns = ("site_id", "visitor", "body")
    await postgres.pool.copy_records_to_table("profiles", records=rows, columns=columns)


async def many(postgres: Postgres, site: NewSite, count: int) -> dict[str, Profile]:
    draw = random.Random(count)  # noqa: S311 - making up visitors is not cryptography
    profiles = {f"v-{number}": some_profile(draw) for number in range(count)}
    await keep(postgres, site, profiles)
    return profiles


async def read(client: AsyncClient, postgres: Postgres, url: str, **query: Any) -> dict[str, Any]:
    """Read figures; where there are none yet, have them measured."""
    first = await client.get(url, params=query)
    if first.status_code == 202:
        assert first.headers["Retry-After"] == "1"
        await do_runs(postgres)
        first = await client.get(url, params=query)
    assert first.status_code == 200, first.text
    answered: dict[str, Any] = first.json()
    return answered


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


async def test_figures_are_kept_and_measured_anew_behind_the_answer_once_they_are_old(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    before = await read(client, postgres, ALL)
    await many(postgres, site, 10)
    kept = await read(client, postgres, ALL)
    await postgres.pool.execute(
        "UPDATE runs SET finished_at = finished_at - interval '6 minutes' WHERE site_id = $1", site.site_id
    )

    old = await read(client, postgres, ALL)
    await do_runs(postgres)
    new = await read(client, postgres, ALL)

    assert kept == before
    assert old["sample"] == before["sample"] | {"refreshing": True}
    assert (new["sample"]["profiles"], new["sample"]["refreshing"]) == (10, False)


async def test_a_new_revision_is_measured_anew(client: AsyncClient, postgres: Postgres) -> None:
    assert (await read(client, postgres, ALL))["sample"]["revision"] == 1

    await publish(client, document(segments=[segment("other", {})]))

    sizes = await read(client, postgres, ALL)
    assert (sizes["sample"]["revision"], [size["segment"] for size in sizes["items"]]) == (2, ["other"])


async def test_many_who_look_at_once_have_it_measured_once(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    answers = await asyncio.gather(*(client.get(ALL) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].json() == {"state": "queued", "progress": 0.0}
    count = "SELECT count(*) FROM runs WHERE site_id = $1"
    assert await postgres.pool.fetchval(count, site.site_id) == 1


async def test_a_measurement_that_fails_says_why_and_is_not_repeated_at_once(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    await client.get(ALL)
    await postgres.pool.execute(
        "UPDATE runs SET state = 'failed', finished_at = now(), error = $2::text::jsonb WHERE site_id = $1",
        site.site_id,
        '{"detail": "it broke", "errors": []}',
    )

    answer = await client.get(ALL)

    assert "it broke" in said(answer, 503)["detail"]
    assert answer.headers["Retry-After"] == "60"
    await postgres.pool.execute(
        "UPDATE runs SET finished_at = now() - interval '2 minutes' WHERE site_id = $1", site.site_id
    )
    assert (await client.get(ALL)).status_code == 202


async def test_old_figures_are_told_where_new_ones_cannot_be_had(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    await read(client, postgres, ALL)
    await postgres.pool.execute(
        "UPDATE runs SET finished_at = finished_at - interval '6 minutes' WHERE site_id = $1", site.site_id
    )
    await client.get(ALL)
    await postgres.pool.execute(
        "UPDATE runs SET state = 'failed', finished_at = now() WHERE site_id = $1 AND state = 'queued'",
        site.site_id,
    )

    assert (await read(client, postgres, ALL))["sample"]["refreshing"] is False


async def test_what_is_not_published_is_not_found(client: AsyncClient, postgres: Postgres) -> None:
    await read(client, postgres, ALL)

    said(await client.get("/api/v1/segments/nobody/size"), 404)
    said(await client.get("/api/v1/journeys/nowhere/stages/sizes"), 404)


async def test_a_site_without_a_revision_has_no_sizes(admin: AdminFactory) -> None:
    assert "nothing is published" in said(await (await admin()).get(ALL), 409)["detail"]


@pytest.mark.usefixtures("client")
async def test_a_viewer_may_look_and_sees_no_other_site(
    admin: AdminFactory, site: NewSite, postgres: Postgres
) -> None:
    await many(postgres, site, 5)
    viewer, stranger = await admin(Role.VIEWER, site), await admin()
    await publish(stranger, dict(SITE))

    assert (await read(viewer, postgres, ALL))["sample"]["profiles"] == 5
    assert (await read(stranger, postgres, ALL))["sample"]["profiles"] == 0


async def test_a_wrong_query_names_its_place(client: AsyncClient, postgres: Postgres) -> None:
    await read(client, postgres, ALL)

    assert pointers(await client.get(ALL, params={"sample": 0})) == ["query:sample"]
    assert pointers(await client.get(OVERLAP, params={"cursor": "!"})) == ["query:cursor"]
