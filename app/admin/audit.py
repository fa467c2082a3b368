"""Who changed what, for ever."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.batches import in_batches
from app.web.keyring import Caller

# To send so many takes a millisecond or two.
_AT_ONCE = 100
# Many rows in one statement, as JSON: whatever PostgreSQL and its driver do for each statement, they do once.
_INSERT = text("""
    INSERT INTO audit (site_id, actor, key_id, request_id, action, target, before, after)
    SELECT :site, :actor, CAST(:key AS uuid), :request, action, target, before, after
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS entry (action text, target text, before jsonb, after jsonb)
""")


class Entry(msgspec.Struct, frozen=True):
    """One thing done: what was there before and after, where it is a resource. Never a secret."""

    action: str
    target: str
    before: Any = None
    after: Any = None


async def write_audit(connection: AsyncConnection, caller: Caller, entries: Iterable[Entry]) -> None:
    """Write down what a caller does, in the transaction that does it."""
    who = {"site": caller.site, "actor": caller.name, "key": caller.key_id, "request": caller.request_id}
    for some in in_batches(entries, _AT_ONCE):
        await connection.execute(_INSERT, {**who, "rows": msgspec.json.encode(some).decode()})
