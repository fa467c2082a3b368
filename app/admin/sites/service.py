"""A new site and its first keys, which are told once and kept as hashes."""

import re
import secrets

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.key_rows import NewKey, insert_key
from app.admin.notice import notify_changed
from app.admin.sites import repository
from app.web.keyring import PREFIXES, KeyKind, Role, new_key
from app.web.pepper import Pepper
from app.web.problems import ConflictError

_FIRST_PUBLIC = NewKey("public", "first public key")
_FIRST_SECRET = NewKey("secret", "first secret key", Role.ADMIN)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")


class NewSite(msgspec.Struct, frozen=True):
    """A site just made, with its keys as nobody will see them again."""

    site_id: int
    public_key: str
    secret_key: str


async def create_site(
    connection: AsyncConnection,
    key: str,
    *,
    public_key: str | None = None,
    secret_key: str | None = None,
    pepper: Pepper | None = None,
) -> NewSite:
    """Make a site with a public key and an admin's secret key, given or new, in the caller's transaction.

    Raises:
        ConflictError: there is a site of this key.
        ValueError: a key that is none.

    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key: letters, digits and _ . : - up to 128, a letter or digit first")
    public, secret = _key_or_new("public", public_key), _key_or_new("secret", secret_key)
    site_id = await repository.insert_site(connection, key, secrets.token_urlsafe(32))
    if site_id is None:
        raise ConflictError(f"there is a site {key!r} already")
    for raw, first in ((public, _FIRST_PUBLIC), (secret, _FIRST_SECRET)):
        await insert_key(connection, site_id, first, raw, pepper)
    await notify_changed(connection, site_id)
    return NewSite(site_id, public, secret)


async def bootstrap(
    connection: AsyncConnection,
    *,
    site_key: str,
    public_key: str | None,
    secret_key: str | None,
    pepper: Pepper | None = None,
) -> NewSite | None:
    """Make the first site; None where there is one, also when two processes ask at once."""
    await repository.lock_bootstrap(connection)
    if await repository.has_sites(connection):
        return None
    return await create_site(
        connection, site_key, public_key=public_key, secret_key=secret_key, pepper=pepper
    )


def _key_or_new(kind: KeyKind, given: str | None) -> str:
    if given is None:
        return new_key(kind)
    if not given.startswith(PREFIXES[kind]):
        raise ValueError(f"a {kind} key starts with {PREFIXES[kind]}")
    return given
