"""The real servers, started once for all tests, and sites to be alone on."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis

from app.admin.sites.service import NewSite, create_site
from app.embedded.servers import Servers, start
from app.storage.migrate import migrate
from app.storage.postgres import Postgres
from app.storage.valkey import Valkey
from tests.sites import SiteFactory

# How long an example takes says more of the machine than of the code. Which ones are tried follows from the
# test alone, so that what has passed passes again; `make explore` tries others.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _UNTIMED, derandomize=True)
settings.register_profile("others", _UNTIMED)
settings.load_profile("same")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = start(tmp_path_factory.mktemp("servers"))
    yield running
    running.close()


@pytest_asyncio.fixture(scope="session")
async def postgres(servers: Servers) -> AsyncIterator[Postgres]:
    await asyncio.to_thread(migrate, servers.database_url)
    opened = await Postgres.open(servers.database_url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session")
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.redis_url, protocol=3)
    yield client
    await client.aclose()


@pytest_asyncio.fixture
async def valkey(servers: Servers) -> AsyncIterator[Valkey]:
    opened = Valkey(servers.redis_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def new_site(postgres: Postgres) -> SiteFactory:
    async def make() -> NewSite:
        async with postgres.engine.begin() as connection:
            return await create_site(connection, f"site-{uuid.uuid4().hex}")

    return make
