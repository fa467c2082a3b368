"""Who changed what, for ever."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.batches import in_batches
from app.storage.tables import audit
from app.web.keyring import Caller

# To send so many takes a millisecond or two.
_AT_ONCE = 50


class Entry(msgspec.Struct, frozen=True):
    """One thing done: what was there before and after, where it is a resource. Never a secret."""

    action: str
    target: str
    before: Any = None
    after: Any = None


async def write_audit(connection: AsyncConnection, caller: Caller, entries: Iterable[Entry]) -> None:
    """Write down what a caller does, in the transaction that does it."""
    for some in in_batches(entries, _AT_ONCE):
        rows = [{"site_id": caller.site, "actor": caller.name, **msgspec.structs.asdict(e)} for e in some]
        await connection.execute(insert(audit), rows)
