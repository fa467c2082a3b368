"""Publishing the draft, looking back at what was published, and going back to it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.difference import Changes, differing
from app.admin.draft import let_go, load_draft, load_encoded, lock_site, replace_draft
from app.admin.revisions import repository
from app.admin.revisions.checked import checking
from app.admin.revisions.schemas import Published, Revision, RevisionSummary
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.web.etag import Precondition
from app.web.keyring import Caller
from app.web.paging import Listing, Page, cursor_of
from app.web.problem_schema import WrongPlace
from app.web.problems import NotFoundError


async def publish(connection: AsyncConnection, caller: Caller, comment: str) -> Published:
    """Freeze the draft as the next revision, which is then in force.

    Raises:
        Problems: everything that is wrong with the draft; nothing is published.

    """
    await lock_site(connection, caller.site)
    latest = await repository.find_latest_number(connection, caller.site)
    number = latest + 1
    with no_full_collections():
        draft = (await load_draft(connection, caller.site)).document
        previous = await repository.load_plain(connection, caller.site, latest) if latest else None
        checked = await in_slices(checking(draft, previous, number))
    row = {"site_id": caller.site, "number": number, "author": caller.name, "comment": comment}
    created_at = await repository.insert_revision(connection, row, checked.phases)
    await write_audit(connection, caller, [Entry("published", f"revisions/{number}")])
    warnings = [WrongPlace(pointer=each.pointer, message=each.message) for each in checked.warnings]
    told = {"number": number, "comment": comment, "author": caller.name, "created_at": created_at}
    return Published.model_validate({**told, "warnings": warnings})


async def get_revision(connection: AsyncConnection, caller: Caller, number: int) -> Revision:
    """Read one revision; raises NotFoundError."""
    found = await repository.find_revision(connection, caller.site, number)
    if found is None:
        raise NotFoundError(f"there is no revision {number}")
    return Revision(**found)


async def list_revisions(connection: AsyncConnection, caller: Caller, page: Page) -> Listing[RevisionSummary]:
    """List revisions, newest first."""
    found = await repository.list_revisions(
        connection, caller.site, before=page.after(int), limit=page.limit + 1
    )
    items = [RevisionSummary(**row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return Listing(items=items, next_cursor=cursor_of(items[-1].number) if more else None)


async def compare(connection: AsyncConnection, caller: Caller, number: int, against: int | None) -> Changes:
    """Say what changed from one revision (by default the one before, else nothing) to another."""
    document = await _document(connection, caller, number)
    earlier = number - 1 if against is None else against
    before = await _document(connection, caller, earlier) if earlier else {}
    changes = (await in_slices(differing(before, document))).pointers()
    await let_go(before, document)
    return changes


async def restore(
    connection: AsyncConnection, caller: Caller, number: int, precondition: Precondition
) -> tuple[Changes, str]:
    """Make the draft equal to a revision, but for the phases; gives what changed and the draft's ETag now."""
    await lock_site(connection, caller.site)
    document = _without_phases(await _document(connection, caller, number))
    draft = await load_draft(connection, caller.site)
    precondition.check(draft.etag, is_new=draft.is_empty)
    changes = (await replace_draft(connection, caller, draft, document)).pointers()
    await write_audit(connection, caller, [Entry("restored", f"revisions/{number}")])
    await let_go(draft.document, document)
    return changes, (await load_encoded(connection, caller.site)).etag


async def _document(connection: AsyncConnection, caller: Caller, number: int) -> dict[str, Any]:
    if not await repository.has_revision(connection, caller.site, number):
        raise NotFoundError(f"there is no revision {number}")
    with no_full_collections():
        return await repository.load_plain(connection, caller.site, number)


def _without_phases(document: dict[str, Any]) -> dict[str, Any]:
    if "experiments" not in document:
        return document
    bare = [{k: v for k, v in given.items() if k != "phase"} for given in document["experiments"]]
    return {**document, "experiments": bare}
