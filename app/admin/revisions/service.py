"""Publishing the draft, looking back at what was published, and going back to it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.announce import Announcement, announce
from app.admin.audit import Entry, write_audit
from app.admin.authors import forget_authors
from app.admin.difference import Changes
from app.admin.draft import let_go, load_draft, load_etag, lock_site, replace_draft
from app.admin.revisions import repository
from app.admin.revisions.checked import checking
from app.admin.revisions.compare import load_version
from app.admin.revisions.phases import new_experiments, without_phases
from app.admin.revisions.review import check_reviewed
from app.admin.revisions.schemas import GREATEST, Published, Revision, RevisionSummary
from app.admin.revisions.statuses import status_changes
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.web.etag import Precondition
from app.web.keyring import Caller
from app.web.paging import Listing, Page, cursor_of
from app.web.problem_schema import WrongPlace
from app.web.problems import NotFoundError

# What a cursor says: the number that the page before has ended with.
_Place: Any = Annotated[int, msgspec.Meta(ge=1, le=GREATEST)]


async def publish(connection: AsyncConnection, caller: Caller, comment: str) -> Published:
    """Freeze the draft as the next revision, which is then in force.

    Raises:
        Problems: everything that is wrong with the draft; nothing is published.
        ForbiddenError: the site wants a review, and the caller has changed the draft.

    """
    await lock_site(connection, caller.site)
    await check_reviewed(connection, caller)
    latest = await repository.find_latest_number(connection, caller.site)
    number = latest + 1
    with no_full_collections():
        draft = (await load_draft(connection, caller.site)).document
        previous = await repository.load_plain(connection, caller.site, latest) if latest else None
        moved = status_changes(previous, draft, number)
        reached = await repository.find_reached(connection, caller.site, new_experiments(draft, previous))
        checked = await in_slices(checking(draft, previous, number, reached))
    row = {"site_id": caller.site, "number": number, "author": caller.name, "comment": comment}
    created_at = await repository.insert_revision(connection, row, checked.phases)
    await forget_authors(connection, caller.site)
    await write_audit(connection, caller, [Entry("published", f"revisions/{number}")])
    await announce_published(connection, row, moved)
    warnings = [WrongPlace(pointer=each.pointer, message=each.message) for each in checked.warnings]
    told = {"number": number, "comment": comment, "author": caller.name, "created_at": created_at}
    return Published.model_validate({**told, "warnings": warnings})


async def announce_published(
    connection: AsyncConnection, row: Mapping[str, Any], moved: Sequence[Announcement]
) -> None:
    """Tell webhooks of a new revision, and of experiments that have another status by it."""
    told = {name: row[name] for name in ("number", "comment", "author")}
    await announce(connection, row["site_id"], Announcement("revision.published", told), *moved)


async def get_revision(connection: AsyncConnection, caller: Caller, number: int) -> Revision:
    """Read one revision; raises NotFoundError."""
    found = await repository.find_revision(connection, caller.site, number)
    if found is None:
        raise NotFoundError(f"there is no revision {number}")
    return Revision(**found)


async def list_revisions(connection: AsyncConnection, caller: Caller, page: Page) -> Listing[RevisionSummary]:
    """List revisions, newest first."""
    found = await repository.list_revisions(
        connection, caller.site, before=page.after(_Place), limit=page.limit + 1
    )
    items = [RevisionSummary(**row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return Listing(items=items, next_cursor=cursor_of(items[-1].number) if more else None)


async def restore(
    connection: AsyncConnection, caller: Caller, number: int, precondition: Precondition
) -> tuple[Changes, str]:
    """Make the draft equal to a revision, but for the phases; gives what changed and the draft's ETag now."""
    await lock_site(connection, caller.site)
    document = without_phases(await load_version(connection, caller.site, number))
    draft = await load_draft(connection, caller.site)
    precondition.check(draft.etag, is_new=draft.is_empty)
    changes = (await replace_draft(connection, caller, draft, document)).pointers()
    await write_audit(connection, caller, [Entry("restored", f"revisions/{number}")])
    await let_go(draft.document, document)
    return changes, await load_etag(connection, caller.site)
