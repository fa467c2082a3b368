"""A key that asks too often, at the admin edge and under the setting that says how often it may."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.admin.routes import admin_router
from app.admin.sites.service import NewSite
from app.embedded.servers import Servers
from app.main import openapi_document
from app.storage.postgres import Postgres
from app.web.keyring import Keyring
from app.web.problem_handlers import install_problem_handlers
from tests.api.answers import CONFIG_URL, said
from tests.api.conftest import AdminFactory
from tests.shop import Shop, running_edge
from tests.sites import SiteFactory


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def client(postgres: Postgres, site: NewSite) -> AsyncIterator[AsyncClient]:
    """A client of an admin edge that takes two requests of each key, since its clock stands still."""
    app = FastAPI()
    app.include_router(admin_router())
    install_problem_handlers(app)
    app.state.postgres, app.state.keyring = postgres, Keyring(2, clock=lambda: 0.0)
    await app.state.keyring.load(postgres.pool)
    headers = {"Authorization": f"Bearer {site.secret_key}"}
    async with httpx.AsyncClient(
        transport=ASGITransport(app), base_url="http://admin", headers=headers
    ) as opened:
        yield opened


async def test_a_request_counts_once_and_the_third_is_told_to_come_back(client: AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get(CONFIG_URL)).status_code == 200

    response = await client.get(CONFIG_URL)

    said(response, 429)
    assert response.headers["retry-after"] == "1"


async def test_every_answer_says_what_is_left_once(client: AsyncClient, site: NewSite) -> None:
    public = {"Authorization": f"Bearer {site.public_key}"}
    answers = [
        await client.get(CONFIG_URL),
        await client.get("/api/v1/revisions/7"),
        await client.get(CONFIG_URL),
        await client.get(CONFIG_URL, headers=public),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 429, 403]
    told = [answer.headers.get_list("ratelimit") for answer in answers]
    assert told == [['"key";r=1;t=1'], ['"key";r=0;t=1'], ['"key";r=0;t=1'], ['"key";r=1;t=1']]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"key";q=2;w=1'}


async def test_where_nobody_is_limited_nothing_is_said_of_it(admin: AdminFactory) -> None:
    assert "ratelimit" not in (await (await admin()).get(CONFIG_URL)).headers


async def test_a_body_beyond_is_not_even_read(client: AsyncClient) -> None:
    for _ in range(2):
        await client.get(CONFIG_URL)

    asked_for = []

    async def body() -> AsyncIterator[bytes]:
        asked_for.append("a chunk")
        yield b"{}"

    said(await client.put(CONFIG_URL, content=body(), headers={"Content-Type": "application/json"}), 429)
    assert asked_for == []


async def test_a_public_key_counts_although_it_may_not_ask(client: AsyncClient, site: NewSite) -> None:
    public = {"Authorization": f"Bearer {site.public_key}"}

    statuses = [(await client.get(CONFIG_URL, headers=public)).status_code for _ in range(3)]

    assert statuses == [403, 403, 429]
    assert (await client.get(CONFIG_URL)).status_code == 200


async def test_every_admin_route_counts(client: AsyncClient) -> None:
    paths = openapi_document()["paths"]
    routes = [(path, method) for path in paths if path.startswith("/api/v1/") for method in paths[path]]
    for _ in range(2):
        await client.get(CONFIG_URL)

    answers = {route: (await client.request(route[1], route[0])).status_code for route in routes}

    assert len(answers) > 10
    assert set(answers.values()) == {429}, answers
    assert all("429" in paths[path][method]["responses"] for path, method in routes)


async def test_the_setting_limits_each_key_at_either_edge(
    servers: Servers, postgres: Postgres, new_site: SiteFactory, tmp_path: Path
) -> None:
    async with running_edge(postgres, servers.redis_url, tmp_path, key_requests_per_s=0.001) as edge:
        shop = Shop(edge, await new_site())
        await shop.is_known()

        pages = [await shop.decide() for _ in range(3)]
        admins = [await edge.client.get(CONFIG_URL, headers=shop.secret) for _ in range(3)]

    assert [answer.status_code for answer in pages] == [200, 429, 429]
    assert [answer.status_code for answer in admins] == [200, 429, 429]
    assert 990 < int(pages[-1].headers["retry-after"]) <= 1_000
    assert pages[-1].headers["ratelimit-policy"] == '"key";q=1;w=1000'
    assert pages[-1].headers["ratelimit"].startswith('"key";r=0;t=')
