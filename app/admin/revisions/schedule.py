"""Scheduling the draft to be published, and calling that off."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.draft import load_draft, lock_site
from app.admin.revisions import repository, schedules
from app.admin.revisions.checked import checking
from app.admin.revisions.review import check_reviewed
from app.admin.revisions.schemas import Scheduled, ScheduledDocument
from app.engine.problems import Problem
from app.kit.clock import now
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.web.keyring import Caller
from app.web.paging import Listing, Page, cursor_of
from app.web.problems import ConflictError, NotFoundError, WrongContentError

# Each keeps a whole document.
MOST_WAITING = 100


async def schedule(
    connection: AsyncConnection, caller: Caller, comment: str, publish_at: datetime
) -> Scheduled:
    """Keep the draft as it is now, to be published at an instant, whatever is edited until then.

    Raises:
        Problems: it could not be published now; nothing is scheduled.
        ForbiddenError: the site wants a review, and the caller has changed the draft.
        ConflictError: too many wait already.

    """
    if publish_at <= now():
        raise WrongContentError([Problem("/publish_at", "must lie ahead; leave it out to publish now")])
    await lock_site(connection, caller.site)
    authors = await check_reviewed(connection, caller)
    if await schedules.count_waiting(connection, caller.site) >= MOST_WAITING:
        raise ConflictError(f"{MOST_WAITING} schedules wait already: cancel one, or let one be published")
    base = await _checked(connection, caller)
    row = {
        "site_id": caller.site,
        "publish_at": publish_at,
        "comment": comment,
        "author": caller.name,
        "key_id": UUID(caller.key_id),
        "authors": authors,
        "base": base,
    }
    made = await schedules.insert_schedule(connection, row)
    await write_audit(connection, caller, [_entry("scheduled", made, publish_at=publish_at.isoformat())])
    return await _get(connection, caller, made)


async def get_scheduled(connection: AsyncConnection, caller: Caller, schedule: UUID) -> ScheduledDocument:
    """Read a schedule with what it is to publish; raises NotFoundError."""
    found = await _get(connection, caller, schedule)
    document = await schedules.load_scheduled(connection, schedule)
    return ScheduledDocument(**found.model_dump(), document=document)


async def list_scheduled(connection: AsyncConnection, caller: Caller, page: Page) -> Listing[Scheduled]:
    """List schedules, whatever became of them, the latest made first."""
    found = await schedules.list_schedules(
        connection, caller.site, before=page.after(UUID), limit=page.limit + 1
    )
    items = [Scheduled.model_validate(row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return Listing(items=items, next_cursor=cursor_of(items[-1].id) if more else None)


async def cancel(connection: AsyncConnection, caller: Caller, schedule: UUID) -> None:
    """Call off what waits; where it is being published this instant, that ends first.

    Raises:
        NotFoundError: there is no such schedule.
        ConflictError: it does not wait any more.

    """
    await _get(connection, caller, schedule)
    if not await schedules.finish(connection, schedule, "cancelled"):
        found = await _get(connection, caller, schedule)
        raise ConflictError(f"only what waits can be cancelled; this is {found.status}")
    await write_audit(connection, caller, [_entry("cancelled", schedule)])


async def _checked(connection: AsyncConnection, caller: Caller) -> int:
    """See that the draft could be published now; gives the number of the revision in force, 0 for none."""
    latest = await repository.find_latest_number(connection, caller.site)
    with no_full_collections():
        draft = (await load_draft(connection, caller.site)).document
        previous = await repository.load_plain(connection, caller.site, latest) if latest else None
        # Which phases it comes to is found out when it is published.
        await in_slices(checking(draft, previous, latest + 1, {}))
    return latest


async def _get(connection: AsyncConnection, caller: Caller, schedule: UUID) -> Scheduled:
    found = await schedules.find_schedule(connection, caller.site, schedule)
    if found is None:
        raise NotFoundError("there is no such schedule")
    return Scheduled.model_validate(found)


def _entry(action: str, schedule: UUID, **told: str) -> Entry:
    return Entry(action, f"revisions/scheduled/{schedule}", after=told or None)
