"""What is scheduled to be published."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from app.admin.revisions import examples, schedule
from app.admin.revisions.schemas import Scheduled, ScheduledDocument
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.paging import Listing, Paging
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/revisions/scheduled", tags=["revisions"], route_class=AdminRoute)

Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]
Id = Annotated[UUID, Path(description="The id that scheduling answered.")]


@router.get(
    "",
    summary="List schedules, newest first",
    responses={**problems(401, 403, 422, 503), 200: examples.SCHEDULES},
)
async def list_scheduled(caller: Viewer, session: Session, page: Paging) -> Listing[Scheduled]:
    """List what waits to be published, and what became of the rest; what failed says why."""
    return await schedule.list_scheduled(session, caller, page)


@router.get(
    "/{schedule_id}",
    summary="Read a schedule",
    responses={**problems(401, 403, 404, 422, 503), 200: examples.SCHEDULED_DOCUMENT},
)
async def get_scheduled(caller: Viewer, session: Session, schedule_id: Id) -> ScheduledDocument:
    """Answer a schedule with the document that it is to publish, or failed to."""
    return await schedule.get_scheduled(session, caller, schedule_id)


@router.delete(
    "/{schedule_id}",
    status_code=204,
    summary="Cancel a schedule",
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def cancel(
    caller: Annotated[Caller, Depends(require(Role.PUBLISHER))],
    session: Session,
    schedule_id: Id,
) -> None:
    """Call off what waits. It stays in the list; what is published or has failed cannot be called off."""
    await schedule.cancel(session, caller, schedule_id)
