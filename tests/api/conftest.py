"""The admin edge over the real database, asked in this process."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from ipaddress import ip_network
from typing import TypeAlias

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.admin.lint.process import ProcessLinter
from app.admin.routes import admin_router
from app.admin.sites.service import NewSite
from app.admin.webhooks.reach import Reach
from app.api.context import context_said
from app.api.whereabouts import NOWHERE
from app.embedded.servers import Servers
from app.journal.ship import Shipper
from app.kit.tasks import background
from app.profiles.durable import DurableProfiles
from app.rulesets.live import LiveRulesets
from app.rulesets.others import OtherRulesets
from app.storage.postgres import Postgres
from app.web.keyring import Keyring, Role, hash_of, new_key
from app.web.problem_handlers import install_problem_handlers
from app.web.request_id import RequestId
from tests.api.furnished import Furnished, furnish
from tests.shop import RunningEdge, running_edge
from tests.sites import SiteFactory

# What a caller of the API holds: a client that sends the key of one site.
AdminFactory: TypeAlias = Callable[..., Awaitable[AsyncClient]]
Use: TypeAlias = Callable[[str], Awaitable[int]]


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring()


@pytest_asyncio.fixture(scope="session")
async def linter() -> AsyncIterator[ProcessLinter]:
    opened = ProcessLinter()
    yield opened
    await opened.aclose()


@pytest.fixture(scope="session")
def admin_app(postgres: Postgres, keyring: Keyring, linter: ProcessLinter) -> FastAPI:
    app = FastAPI()
    app.include_router(admin_router())
    install_problem_handlers(app)
    app.state.postgres = postgres
    app.state.keyring = keyring
    app.state.context_of = partial(context_said, whereabouts=NOWHERE)
    app.state.linter = linter
    app.state.other_rulesets = OtherRulesets(LiveRulesets())
    app.state.webhook_reach = Reach((ip_network("127.0.0.0/8"),))
    return app


@pytest_asyncio.fixture(scope="session")
async def admin(
    admin_app: FastAPI, keyring: Keyring, new_site: SiteFactory, postgres: Postgres
) -> AsyncIterator[AdminFactory]:
    """Make clients: `await admin()` is a new site's admin, `await admin(Role.VIEWER, site)` one with less."""
    opened = []

    async def make(role: Role | None = None, site: NewSite | None = None) -> AsyncClient:
        site = site or await new_site()
        key = site.secret_key if role is None else await add_key(postgres, site, role)
        await keyring.load(postgres.pool)
        transport = ASGITransport(RequestId(admin_app), raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {key}"}
        opened.append(httpx.AsyncClient(transport=transport, base_url="http://admin", headers=headers))
        return opened[-1]

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
def use(admin_app: FastAPI, keyring: Keyring, postgres: Postgres) -> Use:
    """Read the config with a key, once all workers have heard of it; answers the status."""

    async def ask(key: str) -> int:
        await keyring.load(postgres.pool)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=ASGITransport(admin_app), base_url="http://admin") as client:
            return (await client.get("/api/v1/config", headers=headers)).status_code

    return ask


async def add_key(postgres: Postgres, site: NewSite, role: Role) -> str:
    key = new_key("secret")
    await postgres.pool.execute(
        "INSERT INTO keys (id, site_id, hash, kind, role, name) VALUES ($1, $2, $3, 'secret', $4, $5)",
        uuid.uuid4(),
        site.site_id,
        hash_of(key),
        role.name.lower(),
        f"the {role.name.lower()}",
    )
    return key


@pytest_asyncio.fixture(scope="session", params=[False, True], ids=["by ASGI", "directly"])
async def edge(
    servers: Servers,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> AsyncIterator[RunningEdge]:
    """The whole app, for all tests of the public edge, asked in both ways."""
    folder = tmp_path_factory.mktemp("edge")
    async with running_edge(postgres, servers.redis_url, folder, directly=request.param) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session")
async def shipped_edge(
    servers: Servers, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningEdge]:
    """The whole app, and a shipper of its journal."""
    folder = tmp_path_factory.mktemp("shipped")
    async with running_edge(postgres, servers.redis_url, folder) as opened:
        durable = DurableProfiles(postgres.pool, opened.parts.rulesets.ruleset_of)
        shipper = Shipper(opened.journal_dir, postgres.pool, durable)
        async with background(shipper.run(asyncio.Event())):
            yield opened


@pytest_asyncio.fixture(scope="session")
async def ours(shipped_edge: RunningEdge, new_site: SiteFactory, postgres: Postgres) -> Furnished:
    """A site that has one of everything."""
    return await furnish(shipped_edge, await new_site(), postgres, revisions=1)


@pytest_asyncio.fixture(scope="session")
async def theirs(shipped_edge: RunningEdge, new_site: SiteFactory, postgres: Postgres) -> Furnished:
    """Another such site, with more revisions than the first will ever have."""
    return await furnish(shipped_edge, await new_site(), postgres, revisions=6)
