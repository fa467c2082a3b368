"""Publishing what is scheduled, once its instant has come."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.announce import Announcement, announce
from app.admin.audit import Entry, write_audit
from app.admin.authors import forget_authors
from app.admin.draft import lock_site
from app.admin.revisions import repository, schedules
from app.admin.revisions.checked import checking
from app.admin.revisions.phases import new_experiments, without_phases
from app.admin.revisions.rebase import rebasing
from app.admin.revisions.review import check_apart
from app.admin.revisions.schedules import Due
from app.admin.revisions.service import announce_published
from app.admin.revisions.statuses import status_changes
from app.engine.arms import HOLDOUT
from app.engine.problems import Problem, Problems
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.web.keyring import Caller, Role
from app.web.problems import ProblemError

# What a webhook is told of a failure; all of it stands with the schedule.
_TOLD_ERRORS = 20

_log = logging.getLogger(__name__)


async def carry_out(connection: AsyncConnection, due: Due) -> None:
    """Publish a schedule that is locked; what cannot be published changes nothing, and its errors are kept.

    Raises:
        OSError, DBAPIError: the database is away; the schedule is as it was.

    """
    await lock_site(connection, due.site_id)
    try:
        async with connection.begin_nested():
            number = await _publish(connection, due)
    except Problems as error:
        await _fail(connection, due, error.problems)
    except ProblemError as error:
        await _fail(connection, due, [Problem("", error.detail)])
    except Exception as error:
        if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            raise
        _log.exception("the schedule %s cannot be published", due.id)
        await _fail(
            connection, due, [Problem("", "something went wrong that nobody foresaw; the log says what")]
        )
    else:
        await schedules.finish(connection, due.id, "published", revision=number)


async def _publish(connection: AsyncConnection, due: Due) -> int:
    await check_apart(connection, due.site_id, due.key_id, due.authors)
    latest = await repository.find_latest_number(connection, due.site_id)
    number = latest + 1
    with no_full_collections():
        document = await schedules.load_scheduled(connection, due.id)
        previous = await repository.load_plain(connection, due.site_id, latest)
        if latest != due.base:
            base = await repository.load_plain(connection, due.site_id, due.base)
            steps = rebasing(document, without_phases(base), without_phases(previous))
            document = await in_slices(steps)
        moved = status_changes(previous, document, number)
        # The check empties what it is given.
        kept: dict[str, Any] = {
            field: [*value] if isinstance(value, list) else value for field, value in document.items()
        }
        reached = await repository.find_reached(connection, due.site_id, new_experiments(document, previous))
        checked = await in_slices(checking(document, previous if latest else None, number, reached))
    if "experiments" in kept:
        kept["experiments"] = [{**each, "phase": checked.phases[each["key"]]} for each in kept["experiments"]]
    if HOLDOUT in checked.phases:
        kept["holdout"] = {**kept.get("holdout", {}), "phase": checked.phases[HOLDOUT]}
    row = {"site_id": due.site_id, "number": number, "author": due.author, "comment": due.comment}
    await repository.insert_document(connection, row, kept)
    await forget_authors(connection, due.site_id, until=due.created_at)
    await write_audit(connection, _caller(due), [Entry("published", f"revisions/{number}")])
    await announce_published(connection, row, moved)
    return number


async def _fail(connection: AsyncConnection, due: Due, problems: Sequence[Problem]) -> None:
    errors = [{"pointer": each.pointer, "message": each.message} for each in problems]
    await schedules.finish(connection, due.id, "failed", errors=errors)
    entry = Entry("failed", f"revisions/scheduled/{due.id}", after={"errors": errors[:_TOLD_ERRORS]})
    await write_audit(connection, _caller(due), [entry])
    told = {
        "schedule": str(due.id),
        "publish_at": due.publish_at,
        "comment": due.comment,
        "author": due.author,
        "errors": errors[:_TOLD_ERRORS],
        "errors_in_all": len(errors),
    }
    await announce(connection, due.site_id, Announcement("revision.publish_failed", told))


def _caller(due: Due) -> Caller:
    """It is done in the name of whoever scheduled it."""
    return Caller(due.site_id, str(due.key_id), "secret", Role.PUBLISHER, due.author)
