"""What was sent to a webhook, what is still to be sent, and sending it again."""

from uuid import UUID

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.announce import enqueue
from app.admin.audit import Entry, write_audit
from app.admin.webhooks import repository, service
from app.admin.webhooks.schemas import Delivery
from app.web.keyring import Caller
from app.web.paging import Listing, Page, cursor_of
from app.web.problems import ConflictError, NotFoundError

PING = "ping"


async def list_deliveries(
    connection: AsyncConnection, caller: Caller, webhook: UUID, page: Page
) -> Listing[Delivery]:
    """List the messages to a webhook, newest first; raises NotFoundError."""
    await service.get(connection, caller, webhook)
    found = await repository.list_deliveries(
        connection, webhook, before=page.after(UUID), limit=page.limit + 1
    )
    items = [_delivery(row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return Listing(items=items, next_cursor=cursor_of(items[-1].id) if more else None)


async def resend(connection: AsyncConnection, caller: Caller, webhook: UUID, delivery: UUID) -> Delivery:
    """Send a message again, as soon as may be, under its old id.

    Raises:
        NotFoundError: there is no such webhook or message.
        ConflictError: the webhook is not enabled.

    """
    await _get_enabled(connection, caller, webhook)
    if not await repository.send_again(connection, webhook, delivery):
        raise NotFoundError("there is no such delivery")
    entry = Entry("resent", f"webhooks/{webhook}/deliveries/{delivery}")
    await write_audit(connection, caller, [entry])
    return await _get(connection, webhook, delivery)


async def ping(connection: AsyncConnection, caller: Caller, webhook: UUID) -> Delivery:
    """Send a message that says nothing, to see whether it arrives; raises as `resend` does."""
    await _get_enabled(connection, caller, webhook)
    [sent] = await enqueue(connection, [webhook], PING, {"webhook": str(webhook)})
    await write_audit(connection, caller, [Entry("pinged", f"webhooks/{webhook}")])
    return await _get(connection, webhook, sent)


async def _get_enabled(connection: AsyncConnection, caller: Caller, webhook: UUID) -> None:
    found, _ = await service.get(connection, caller, webhook)
    if not found.enabled:
        raise ConflictError("nothing is sent to this webhook: enable it first")


async def _get(connection: AsyncConnection, webhook: UUID, delivery: UUID) -> Delivery:
    return _delivery(await repository.get_delivery(connection, webhook, delivery))


def _delivery(row: RowMapping) -> Delivery:
    return Delivery.model_validate({**row, "body": msgspec.json.decode(row["body"])})
