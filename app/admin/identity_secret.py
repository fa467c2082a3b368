"""The key of a site's user proofs: it is in force at once, part of no revision, and never answered."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.notice import notify_changed
from app.storage.tables import sites
from app.web.auth import check_role
from app.web.keyring import Caller, Role

FIELD = "identity_secret"


def without_secret(site: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the secret out of the `site` of a document."""
    return {field: value for field, value in site.items() if field != FIELD}


async def keep_secret(connection: AsyncConnection, caller: Caller, secret: str | None) -> None:
    """Keep the secret where one is given; None leaves what is there.

    Raises:
        ForbiddenError: one is given by a caller who may not publish.

    """
    if secret is None:
        return
    check_role(caller, Role.PUBLISHER, f"{FIELD}, which is in force at once,")
    await connection.execute(update(sites).where(sites.c.id == caller.site).values({FIELD: secret}))
    await notify_changed(connection, caller.site)
    await write_audit(connection, caller, [Entry("changed", f"site/{FIELD}")])
