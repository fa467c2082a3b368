"""Sizes that were measured are kept, and measured anew where they are old."""

import asyncio

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import pointers, publish, said
from tests.api.conftest import AdminFactory
from tests.api.runs import do_runs
from tests.api.sizes_site import ALL, OVERLAP, SITE, many, read
from tests.builders import document, segment
from tests.sites import SiteFactory


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def client(admin: AdminFactory, site: NewSite) -> AsyncClient:
    opened = await admin(site=site)
    await publish(opened, dict(SITE))
    return opened


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
