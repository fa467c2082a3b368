"""Who is told of what: adding webhooks, changing them and taking them away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.webhooks import repository
from app.admin.webhooks.reach import Reach
from app.admin.webhooks.schemas import NewWebhook, Rotated, Webhook, WebhookAdded, WebhookPatch
from app.admin.webhooks.signature import new_secret, rotated
from app.engine.problems import Problem
from app.web.etag import Precondition
from app.web.keyring import Caller
from app.web.paging import Listing, Page, cursor_of
from app.web.problems import ConflictError, NotFoundError, WrongContentError

MOST = 50


class Tagged(NamedTuple):
    """A webhook, and the ETag that a change of it needs."""

    webhook: Webhook
    etag: str


class Terms(NamedTuple):
    """What a change has to keep to: what the caller saw, and where anything may be sent."""

    precondition: Precondition
    reach: Reach


async def add(connection: AsyncConnection, caller: Caller, added: WebhookAdded, reach: Reach) -> NewWebhook:
    """Add a webhook with a secret of its own.

    Raises:
        WrongContentError: nothing could be sent to its URL.
        ConflictError: the site has too many already.

    """
    _check(added.url, reach)
    if await repository.count_webhooks(connection, caller.site) >= MOST:
        raise ConflictError(f"a site has at most {MOST} webhooks: take one away first")
    secret = new_secret()
    made = await repository.insert_webhook(connection, caller.site, _once(added.model_dump()), secret)
    webhook, _ = await get(connection, caller, made)
    await write_audit(connection, caller, [Entry("added", _name(made), after=_said(webhook))])
    return NewWebhook(**webhook.model_dump(), secret=secret)


async def get(connection: AsyncConnection, caller: Caller, webhook: UUID) -> Tagged:
    """Read a webhook; raises NotFoundError."""
    return _tagged(await _find(connection, caller, webhook))


async def list_webhooks(connection: AsyncConnection, caller: Caller, page: Page) -> Listing[Webhook]:
    """List the webhooks of a site, newest first."""
    found = await repository.list_webhooks(
        connection, caller.site, before=page.after(UUID), limit=page.limit + 1
    )
    items = [Webhook.model_validate(dict(row)) for row in found[: page.limit]]
    more = len(found) > page.limit
    return Listing(items=items, next_cursor=cursor_of(items[-1].id) if more else None)


async def change(
    connection: AsyncConnection, caller: Caller, webhook: UUID, terms: Terms, patch: WebhookPatch
) -> Tagged:
    """Change a webhook; of two with the same ETag at once, one is stale. What is so already changes nothing.

    Raises:
        NotFoundError: there is none.
        StaleError, PreconditionMissingError: it is not what the caller saw.
        WrongContentError: nothing could be sent to the new URL.

    """
    before = _tagged(await _find(connection, caller, webhook, lock=True))
    terms.precondition.check(before.etag)
    fields = _once(patch.model_dump(exclude_none=True))
    if patch.url is not None:
        _check(patch.url, terms.reach)
    if patch.enabled:
        fields["disabled_because"] = None
    if before.webhook.model_dump(include=set(fields)) == fields:
        return before
    await repository.update_webhook(connection, webhook, fields)
    after = await get(connection, caller, webhook)
    entry = Entry("changed", _name(webhook), _said(before.webhook), _said(after.webhook))
    await write_audit(connection, caller, [entry])
    return after


async def remove(
    connection: AsyncConnection, caller: Caller, webhook: UUID, precondition: Precondition
) -> None:
    """Take a webhook away, with all that is still to be sent to it; raises as `change` does."""
    found = _tagged(await _find(connection, caller, webhook, lock=True))
    precondition.check(found.etag)
    await repository.delete_webhook(connection, webhook)
    await write_audit(connection, caller, [Entry("removed", _name(webhook), before=_said(found.webhook))])


async def rotate(
    connection: AsyncConnection, caller: Caller, webhook: UUID, overlap_s: int, now: datetime
) -> Rotated:
    """Give a webhook a new secret; those before it sign as well for so long. Raises NotFoundError."""
    await _find(connection, caller, webhook, lock=True)
    secret, until = new_secret(), now + timedelta(seconds=overlap_s)
    kept = await repository.load_secrets(connection, webhook)
    await repository.store_secrets(connection, webhook, rotated(kept, secret, until, now))
    await write_audit(connection, caller, [Entry("rotated", _name(webhook))])
    return Rotated(secret=secret, previous_until=until)


async def _find(
    connection: AsyncConnection, caller: Caller, webhook: UUID, *, lock: bool = False
) -> RowMapping:
    found = await repository.find_webhook(connection, caller.site, webhook, lock=lock)
    if found is None:
        raise NotFoundError("there is no such webhook")
    return found


def _tagged(row: RowMapping) -> Tagged:
    return Tagged(Webhook.model_validate(dict(row)), f'"{row["version"]}"')


def _check(url: str, reach: Reach) -> None:
    wrong = reach.wrong_with(url)
    if wrong is not None:
        raise WrongContentError([Problem("/url", wrong)])


def _once(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Name each event once, in the order given."""
    events = {"events": list(dict.fromkeys(fields["events"]))} if "events" in fields else {}
    return {**fields, **events}


def _said(webhook: Webhook) -> dict[str, Any]:
    return webhook.model_dump(mode="json", include={"url", "events", "enabled"})


def _name(webhook: UUID) -> str:
    return f"webhooks/{webhook}"
