"""Who changed what, for ever."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import audit
from app.web.keyring import Caller


class Entry(msgspec.Struct, frozen=True):
    """One thing done: what was there before and after, where it is a resource. Never a secret."""

    action: str
    target: str
    before: Any = None
    after: Any = None


async def write_audit(connection: AsyncConnection, caller: Caller, entries: Sequence[Entry]) -> None:
    """Write down what a caller does, in the transaction that does it."""
    if entries:
        who = {
            "site_id": caller.site,
            "actor": caller.name,
            "key_id": caller.key_id,
            "request_id": caller.request_id,
        }
        rows = [{**who, **msgspec.structs.asdict(entry)} for entry in entries]
        await connection.execute(insert(audit), rows)
