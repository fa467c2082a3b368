import logging
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
import pytest_asyncio

from app.admin.sites.service import create_site
from app.embedded.servers import Servers
from app.kit.tasks import background
from app.storage.postgres import Postgres, dsn_of
from app.web.key_use import keep_writing_use, write_use
from app.web.keyring import Caller, Keyring, Role, hash_of
from app.web.pepper import pepper_of
from app.web.problems import TooManyRequestsError
from tests.databases import new_postgres
from tests.sites import SiteFactory
from tests.waiting import until


async def test_each_key_leads_to_its_site_and_role(postgres: Postgres, new_site: SiteFactory) -> None:
    site, keyring = await new_site(), Keyring()
    await keyring.load(postgres.pool)
    public, secret = keyring.find(site.public_key), keyring.find(site.secret_key)
    assert public is not None
    assert secret is not None
    assert public == Caller(site.site_id, public.key_id, "public", None, "first public key")
    assert secret == Caller(site.site_id, secret.key_id, "secret", Role.ADMIN, "first secret key")


async def test_only_hashes_are_stored(postgres: Postgres, new_site: SiteFactory) -> None:
    site = await new_site()
    rows = await postgres.pool.fetch("SELECT keys::text FROM keys WHERE site_id = $1", site.site_id)
    assert len(rows) == 2
    assert not [row for row in rows if "pk_" in row[0] or "sk_" in row[0]]


async def test_a_new_key_is_known_from_the_next_load(postgres: Postgres, new_site: SiteFactory) -> None:
    keyring = Keyring()
    await keyring.load(postgres.pool)
    site = await new_site()
    assert keyring.find(site.secret_key) is None
    await keyring.load(postgres.pool)
    assert keyring.find(site.secret_key) is not None


async def test_a_revoked_key_is_forgotten_with_the_next_load(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site, keyring = await new_site(), Keyring()
    await keyring.load(postgres.pool)
    await postgres.pool.execute(
        "UPDATE keys SET revoked_at = now() WHERE hash = $1", hash_of(site.secret_key)
    )
    await keyring.load(postgres.pool)
    assert keyring.find(site.secret_key) is None
    assert keyring.find(site.public_key) is not None


async def test_keys_known_before_stay_known_when_loading_fails(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site, keyring = await new_site(), Keyring()
    await keyring.load(postgres.pool)
    dead = await asyncpg.create_pool(dsn_of(str(postgres.engine.url)), min_size=0)
    await dead.close()
    with pytest.raises(asyncpg.InterfaceError):
        await keyring.load(dead)
    assert keyring.find(site.secret_key) is not None


async def test_how_often_a_key_has_asked_is_known_until_the_key_is_not(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site, keyring = await new_site(), Keyring(1, clock=lambda: 0.0)
    await keyring.load(postgres.pool)
    public, secret = keyring.find(site.public_key), keyring.find(site.secret_key)
    assert public is not None
    assert secret is not None
    keyring.admit(public)
    keyring.admit(secret)

    await postgres.pool.execute(
        "UPDATE keys SET revoked_at = now() WHERE hash = $1", hash_of(site.secret_key)
    )
    await keyring.load(postgres.pool)

    assert set(keyring._buckets) == {public.key_id}
    with pytest.raises(TooManyRequestsError):
        keyring.admit(public)


PEPPER = pepper_of("of this test, and of no other")


@pytest_asyncio.fixture
async def alone(servers: Servers) -> AsyncIterator[Postgres]:
    """Give a database that no other keyring reads."""
    async with new_postgres(servers.database_url) as opened:
        yield opened


async def test_a_key_hashed_with_a_pepper_is_known_to_who_has_it_and_others_say_so(
    alone: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    async with alone.engine.begin() as connection:
        site = await create_site(connection, "shop", pepper=PEPPER)
    with_it, without = Keyring(peppers=(PEPPER,)), Keyring()
    caplog.clear()
    await with_it.load(alone.pool)
    assert caplog.records == []

    for _ in range(3):
        await without.load(alone.pool)

    assert with_it.find(site.secret_key) is not None
    assert without.find(site.secret_key) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "2 keys are unknown here" in caplog.text


async def test_keys_from_before_there_was_a_pepper_go_on(postgres: Postgres, new_site: SiteFactory) -> None:
    site, keyring = await new_site(), Keyring(peppers=(PEPPER,))
    await keyring.load(postgres.pool)
    assert keyring.find(site.secret_key) is not None


async def test_when_a_key_expires_is_read_to_the_microsecond(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site = await new_site()
    await postgres.pool.execute(
        "UPDATE keys SET expires_at = now() - interval '1 hour' WHERE site_id = $1", site.site_id
    )
    expires_at = await postgres.pool.fetchval(
        "SELECT expires_at FROM keys WHERE hash = $1", hash_of(site.secret_key)
    )
    now = {"s": expires_at.timestamp() - 2e-6}
    keyring = Keyring(wall_clock=lambda: now["s"])
    await keyring.load(postgres.pool)

    assert keyring.find(site.secret_key) is not None
    now["s"] = expires_at.timestamp()
    assert keyring.find(site.secret_key) is None


async def last_used_at(postgres: Postgres, key: str) -> datetime | None:
    query = "SELECT last_used_at FROM keys WHERE hash = $1"
    found: datetime | None = await postgres.pool.fetchval(query, hash_of(key))
    return found


async def test_a_key_that_was_used_is_written_down_once_a_minute(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site, keyring = await new_site(), Keyring()
    await keyring.load(postgres.pool)
    await write_use(keyring, postgres.pool)
    assert await last_used_at(postgres, site.secret_key) is None

    keyring.find(site.secret_key)
    await write_use(keyring, postgres.pool)
    first = await last_used_at(postgres, site.secret_key)
    await keyring.load(postgres.pool)
    keyring.find(site.secret_key)
    await write_use(keyring, postgres.pool)

    assert first is not None
    assert await last_used_at(postgres, site.secret_key) == first
    assert await last_used_at(postgres, site.public_key) is None
    await postgres.pool.execute(
        "UPDATE keys SET last_used_at = now() - interval '2 minutes' WHERE site_id = $1", site.site_id
    )
    await keyring.load(postgres.pool)
    keyring.find(site.secret_key)
    await write_use(keyring, postgres.pool)
    again = await last_used_at(postgres, site.secret_key)
    assert again is not None
    assert again >= first


async def test_use_that_cannot_be_written_is_written_later(
    postgres: Postgres, new_site: SiteFactory, caplog: pytest.LogCaptureFixture
) -> None:
    site, keyring = await new_site(), Keyring()
    await keyring.load(postgres.pool)
    keyring.find(site.public_key)
    dead = await asyncpg.create_pool(dsn_of(str(postgres.engine.url)), min_size=0)
    await dead.close()

    async def has_complained() -> bool:
        return bool(caplog.records)

    async with background(keep_writing_use(keyring, dead, every_s=0.001)):
        await until(has_complained)

    async def is_written() -> bool:
        return await last_used_at(postgres, site.public_key) is not None

    async with background(keep_writing_use(keyring, postgres.pool, every_s=0.001)):
        await until(is_written)


async def test_whoever_writes_use_waits_for_nobody_who_changes_a_key(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    site, keyring = await new_site(), Keyring()
    await keyring.load(postgres.pool)
    keyring.find(site.public_key)
    async with postgres.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM keys WHERE site_id = $1 FOR UPDATE", site.site_id)
        await write_use(keyring, postgres.pool)
    assert await last_used_at(postgres, site.public_key) is None
