import asyncpg
import pytest

from app.storage.postgres import Postgres, dsn_of
from app.web.keyring import Caller, Keyring, Role, hash_of
from app.web.problems import TooManyRequestsError
from tests.sites import SiteFactory


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
