"""New keys in PostgreSQL, whoever makes them."""

import uuid
from datetime import datetime

import msgspec
import uuid_utils.compat
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import keys
from app.web.keyring import KeyKind, Role, hash_of
from app.web.pepper import Pepper


class NewKey(msgspec.Struct, frozen=True):
    """What is kept of a key besides its hash. A public key has no role."""

    kind: KeyKind
    name: str
    role: Role | None = None
    expires_at: datetime | None = None


async def insert_key(
    connection: AsyncConnection, site: int, key: NewKey, raw: str, pepper: Pepper | None
) -> uuid.UUID:
    """Keep a key by its hash and by how it was hashed; gives its id."""
    key_id = uuid_utils.compat.uuid7()
    row = {
        "id": key_id,
        "site_id": site,
        "hash": hash_of(raw, pepper),
        "pepper": None if pepper is None else pepper.name,
        "kind": key.kind,
        "role": None if key.role is None else key.role.name.lower(),
        "name": key.name,
        "expires_at": key.expires_at,
    }
    await connection.execute(insert(keys).values(**row))
    return key_id
