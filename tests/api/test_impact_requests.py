"""Asking what the draft would change: who may, what is wrong, and how far it is."""

import uuid
from typing import Any

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import pointers, publish, replace, said
from tests.api.conftest import AdminFactory
from tests.api.impact_site import DRAFT, PUBLISHED
from tests.api.runs import IMPACT_URL, do_runs, impact_of
from tests.builders import document, placement, rule
from tests.sites import SiteFactory


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def client(admin: AdminFactory, site: NewSite) -> AsyncClient:
    """An admin of a site with one revision and another draft."""
    opened = await admin(site=site)
    await publish(opened, dict(PUBLISHED))
    await replace(opened, dict(DRAFT))
    return opened


async def test_a_run_tells_how_far_it_is(client: AsyncClient, postgres: Postgres) -> None:
    queued = await client.post(IMPACT_URL, json={})
    waits = (await client.get(queued.headers["Location"])).json()
    await do_runs(postgres)
    done = (await client.get(queued.headers["Location"])).json()

    assert queued.json() == {"id": waits["id"], "state": "queued"}
    assert (waits["state"], waits["progress"], waits["result"], waits["error"]) == ("queued", 0, None, None)
    assert (done["state"], done["progress"]) == ("done", 1)
    assert done["result"]["total"]["visitors"] == 0
    assert waits["asked"] == {
        "visitors": 10_000,
        "against": "published",
        "candidate": "draft",
        "placements": [],
    }


async def test_a_draft_that_does_not_compile_fails_the_run_with_every_place(
    client: AsyncClient, postgres: Postgres
) -> None:
    await replace(client, {"rules": [rule("lost", placements=["nowhere"])]})

    told = await impact_of(client, postgres)

    assert (told["state"], told["result"]) == ("failed", None)
    assert "draft" in told["error"]["detail"]
    assert "/rules/0/placements/0" in [error["pointer"] for error in told["error"]["errors"]]


async def test_a_run_can_be_cancelled_once_it_was_asked_for(client: AsyncClient, postgres: Postgres) -> None:
    run = (await client.post(IMPACT_URL, json={})).headers["Location"]

    cancelled = [(await client.delete(run)).status_code for _ in range(2)]
    await do_runs(postgres)

    assert cancelled == [204, 204]
    assert (await client.get(run)).json()["state"] == "cancelled"
    over = await impact_of(client, postgres)
    said(await client.delete(f"{IMPACT_URL}/{over['id']}"), 409)


async def test_asking_and_cancelling_stand_in_the_audit_once(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    run = (await client.post(IMPACT_URL, json={"visitors": 3})).json()["id"]
    for _ in range(2):
        await client.delete(f"{IMPACT_URL}/{run}")

    query = "SELECT action FROM audit WHERE site_id = $1 AND target = $2 ORDER BY id"
    rows = await postgres.pool.fetch(query, site.site_id, f"impact/{run}")
    assert [row["action"] for row in rows] == ["queued", "cancelled"]


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ({"visitors": 0}, ["/visitors"]),
        ({"visitors": 200_001}, ["/visitors"]),
        ({"visitors": "10"}, ["/visitors"]),
        ({"against": 2, "candidate": 9}, ["/against", "/candidate"]),
        ({"placements": [""]}, ["/placements/0"]),
        ({"placements": ["home.hero", "nowhere"]}, ["/placements/1"]),
        ({"placements": ["nowhere"], "against": 1, "candidate": 1}, ["/placements/0"]),
        ({"visitor": 3}, ["/visitor"]),
    ],
)
async def test_a_wrong_question_names_each_place(
    client: AsyncClient, question: dict[str, Any], places: list[str]
) -> None:
    assert pointers(await client.post(IMPACT_URL, json=question)) == places


async def test_a_placement_that_nobody_knows_is_answered_with_the_one_that_was_meant(
    client: AsyncClient,
) -> None:
    answer = await client.post(IMPACT_URL, json={"placements": ["home.heros"]})

    assert "did you mean 'home.hero'?" in said(answer, 422)["errors"][0]["message"]


async def test_a_placement_of_the_draft_alone_can_be_named(client: AsyncClient) -> None:
    await replace(client, document(placements=[placement("brand.new")]))

    assert (await client.post(IMPACT_URL, json={"placements": ["brand.new"]})).status_code == 202
    wrong = await client.post(IMPACT_URL, json={"placements": ["brand.new"], "candidate": 1})
    assert pointers(wrong) == ["/placements/0"]


@pytest.mark.parametrize("question", [{"against": "draft"}, {"candidate": "published"}, {"against": 0}])
async def test_a_side_that_is_neither_a_revision_nor_its_word_is_refused(
    client: AsyncClient, question: dict[str, Any]
) -> None:
    [field] = question
    assert all(
        place.startswith(f"/{field}") for place in pointers(await client.post(IMPACT_URL, json=question))
    )


async def test_a_site_without_a_revision_has_nothing_that_could_change(admin: AdminFactory) -> None:
    assert "nothing is published" in said(await (await admin()).post(IMPACT_URL, json={}), 409)["detail"]


@pytest.mark.usefixtures("client")
async def test_a_viewer_may_ask_and_another_site_knows_nothing_of_it(
    admin: AdminFactory, site: NewSite
) -> None:
    viewer = await admin(Role.VIEWER, site)
    run = (await viewer.post(IMPACT_URL, json={})).headers["Location"]
    stranger = await admin()

    assert (await viewer.get(run)).status_code == 200
    said(await stranger.get(run), 404)
    said(await stranger.delete(run), 404)
    assert (await viewer.delete(run)).status_code == 204


async def test_a_run_that_is_none_is_not_found(client: AsyncClient) -> None:
    said(await client.get(f"{IMPACT_URL}/{uuid.uuid4()}"), 404)
    assert pointers(await client.get(f"{IMPACT_URL}/one")) == ["path:run"]
