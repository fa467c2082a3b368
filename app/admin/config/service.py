"""Reading the draft, and making it equal to a document."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.config.schemas import ConfigDocument
from app.admin.difference import Changes, difference
from app.admin.draft import load_draft, lock_site, replace_draft
from app.admin.identity_secret import FIELD, keep_secret, without_secret
from app.web.etag import Precondition
from app.web.keyring import Caller

_SECRET = f"/site/{FIELD}"


class Replaced(msgspec.Struct, frozen=True):
    """What became of the draft, and its ETag now."""

    changes: Changes
    etag: str


async def compare(
    connection: AsyncConnection, caller: Caller, precondition: Precondition, config: ConfigDocument
) -> Replaced:
    """Say what replacing the draft would change; a precondition need not be given, and holds if it is."""
    draft = await load_draft(connection, caller.site)
    if precondition != Precondition():
        precondition.check(draft.etag, is_new=draft.is_empty)
    document, secret = _split(config)
    return Replaced(_told(difference(draft.document, document).pointers(), secret), draft.etag)


async def replace(
    connection: AsyncConnection, caller: Caller, precondition: Precondition, config: ConfigDocument
) -> Replaced:
    """Make the draft equal to a document; of two with the same ETag at once, one is stale."""
    await lock_site(connection, caller.site)
    draft = await load_draft(connection, caller.site)
    precondition.check(draft.etag, is_new=draft.is_empty)
    document, secret = _split(config)
    change = await replace_draft(connection, caller, draft, document)
    await keep_secret(connection, caller, secret)
    now = await load_draft(connection, caller.site)
    return Replaced(_told(change.pointers(), secret), now.etag)


def _split(config: ConfigDocument) -> tuple[dict[str, Any], str | None]:
    """Part what is drafted from the secret, which is in force at once and no part of any revision."""
    document = dict(config.given)
    if "site" in document:
        document["site"] = without_secret(document["site"])
    return document, config.site.identity_secret


def _told(changes: Changes, secret: str | None) -> Changes:
    """Name the secret where it is given: whether it is another one than before is nobody's to learn."""
    if secret is None:
        return changes
    return changes.model_copy(update={"changed": [*changes.changed, _SECRET]})
