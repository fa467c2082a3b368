import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from app.admin.sites.service import NewSite, bootstrap, create_site
from app.embedded.servers import Servers
from app.storage.postgres import Postgres, dsn_of
from app.web.keyring import Keyring
from app.web.problems import ConflictError
from tests.databases import new_postgres
from tests.sites import SiteFactory


@pytest_asyncio.fixture(scope="module")
async def own_database(servers: Servers) -> AsyncIterator[Postgres]:
    async with new_postgres(servers.database_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def fresh(own_database: Postgres) -> Postgres:
    """Give a database without any site."""
    await own_database.pool.execute("DELETE FROM sites")
    return own_database


async def start(
    postgres: Postgres, public_key: str | None = None, secret_key: str | None = None
) -> NewSite | None:
    async with postgres.engine.begin() as connection:
        return await bootstrap(connection, site_key="default", public_key=public_key, secret_key=secret_key)


async def test_the_first_start_makes_a_site_with_the_keys_given(fresh: Postgres) -> None:
    made = await start(fresh, "pk_given", "sk_given")
    keyring = Keyring()
    await keyring.load(fresh.pool)
    assert made is not None
    assert [caller.site for key in ("pk_given", "sk_given") if (caller := keyring.find(key))] == [
        made.site_id
    ] * 2
    assert await fresh.pool.fetchval("SELECT key FROM sites") == "default"


async def test_a_key_that_is_not_given_is_made(fresh: Postgres) -> None:
    made = await start(fresh)
    assert made is not None
    assert (made.public_key[:3], made.secret_key[:3]) == ("pk_", "sk_")


async def test_of_many_first_starts_at_once_one_makes_the_site(fresh: Postgres) -> None:
    made = await asyncio.gather(*(start(fresh) for _ in range(5)))
    assert sum(site is not None for site in made) == 1
    assert await fresh.pool.fetchval("SELECT count(*) FROM sites") == 1


async def test_a_second_site_cannot_take_the_key_of_the_first(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site = await new_site()
    key = await postgres.pool.fetchval("SELECT key FROM sites WHERE id = $1", site.site_id)
    with pytest.raises(ConflictError, match="already"):
        async with postgres.engine.begin() as connection:
            await create_site(connection, key)


@pytest.mark.parametrize("key", ["", "$holdout", "a b", "x" * 129, "a\n"])
async def test_a_site_needs_a_key_like_any_other_thing(postgres: Postgres, key: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        async with postgres.engine.begin() as connection:
            await create_site(connection, key)


@pytest.mark.parametrize(("public", "secret"), [("sk_x", "sk_y"), ("pk_x", "pk_y"), ("pk_x", "y")])
async def test_a_key_of_the_wrong_kind_makes_no_site(fresh: Postgres, public: str, secret: str) -> None:
    with pytest.raises(ValueError, match="key starts with"):
        await start(fresh, public, secret)
    assert await fresh.pool.fetchval("SELECT count(*) FROM sites") == 0


async def test_each_site_has_an_identity_secret_of_its_own(postgres: Postgres, new_site: SiteFactory) -> None:
    ids = [(await new_site()).site_id for _ in range(2)]
    rows = await postgres.pool.fetch("SELECT identity_secret FROM sites WHERE id = ANY($1)", ids)
    assert len({row["identity_secret"] for row in rows if len(row["identity_secret"]) >= 43}) == 2


async def test_every_process_hears_of_a_new_site(postgres: Postgres, new_site: SiteFactory) -> None:
    listener = await asyncpg.connect(dsn_of(postgres.engine.url.render_as_string(hide_password=False)))
    heard: asyncio.Queue[object] = asyncio.Queue()
    await listener.add_listener("signpost_changed", lambda *said: heard.put_nowait(said[-1]))
    site = await new_site()
    while await asyncio.wait_for(heard.get(), timeout=10) != str(site.site_id):
        pass
    await listener.close()
