"""Reading the draft, and making it equal to a document."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.config.given import JSON, Given
from app.admin.config.write_yaml import writing
from app.admin.details import ReadableChanges, detailing
from app.admin.difference import Difference, differing
from app.admin.draft import let_go, load_draft, load_encoded, load_etag, lock_site, replace_draft
from app.admin.identity_secret import FIELD, keep_secret
from app.kit.slices import in_slices
from app.web.etag import Precondition
from app.web.keyring import Caller

_SECRET = f"/site/{FIELD}"


class Replaced(msgspec.Struct, frozen=True):
    """What became of the draft, and its ETag now."""

    changes: ReadableChanges
    etag: str


async def read(connection: AsyncConnection, caller: Caller, kind: str) -> tuple[bytes, str]:
    """Give the draft as JSON or YAML, and its ETag."""
    if kind == JSON:
        encoded = await load_encoded(connection, caller.site)
        return encoded.content, encoded.etag
    draft = await load_draft(connection, caller.site)
    content = await in_slices(writing(draft.document))
    await let_go(draft.document)
    return content, draft.etag


async def compare(
    connection: AsyncConnection, caller: Caller, precondition: Precondition, config: Given
) -> Replaced:
    """Say what replacing the draft would change; a precondition need not be given, and holds if it is."""
    draft = await load_draft(connection, caller.site)
    if precondition != Precondition():
        precondition.check(draft.etag, is_new=draft.is_empty)
    changes = await _told(await in_slices(differing(draft.document, config.document)), config.secret)
    await let_go(draft.document)
    return Replaced(changes, draft.etag)


async def replace(
    connection: AsyncConnection, caller: Caller, precondition: Precondition, config: Given
) -> Replaced:
    """Make the draft equal to a document; of two with the same ETag at once, one is stale."""
    await lock_site(connection, caller.site)
    before = await load_draft(connection, caller.site)
    precondition.check(before.etag, is_new=before.is_empty)
    changes = await _told(await replace_draft(connection, caller, before, config.document), config.secret)
    await keep_secret(connection, caller, config.secret)
    await let_go(before.document)
    return Replaced(changes, await load_etag(connection, caller.site))


async def _told(change: Difference, secret: str | None) -> ReadableChanges:
    """Name the secret where it is given: whether it is another one than before is nobody's to learn."""
    changes = ReadableChanges(**dict(change.pointers()), details=await in_slices(detailing(change)))
    if secret is not None:
        changes.changed.append(_SECRET)
    return changes
