"""POST /revisions/impact, and the runs that it queues."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Response

from app.admin.impact import service
from app.admin.impact.schemas import EXAMPLE_OF_RUN, ImpactRun, Question, Queued
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/revisions/impact", tags=["revisions"], route_class=AdminRoute)

Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]

_LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where the run's state is."}}
_QUEUED: dict[int | str, dict[str, Any]] = {
    202: {
        "headers": _LOCATION,
        "content": {"application/json": {"example": {"id": EXAMPLE_OF_RUN["id"], "state": "queued"}}},
    }
}


@router.post(
    "",
    status_code=202,
    summary="Ask what the draft would change",
    responses={**problems(400, 401, 403, 409, 413, 415, 422, 503), **_QUEUED},
)
async def ask(caller: Viewer, session: Session, question: Question, response: Response) -> Queued:
    """Replay the last logged visitors through what is in force and through the draft, behind this answer.

    Of each visitor the latest decision that was kept is taken once more by both, on the context and the
    profile that were logged with it. Decisions that deliver an experiment are kept, and of the others a
    share. What is done is at `Location`; a run waits until the host's one process for such work is free.
    """
    run = await service.ask(session, caller, question)
    response.headers["Location"] = f"/api/v1/revisions/impact/{run}"
    return Queued(id=str(run))


@router.get(
    "/{run}",
    summary="Read what the draft would change",
    response_model=ImpactRun,
    responses={
        **problems(401, 403, 404, 422, 503),
        200: {"content": {"application/json": {"example": EXAMPLE_OF_RUN}}},
    },
)
async def tell(caller: Viewer, session: Session, run: UUID) -> Response:
    """Tell how far a run is; once it is done, what would change for whom, with examples.

    A run whose process died is `queued` again after 15 seconds, and `failed` after the third time. Runs are
    kept for 7 days. Examples of visitors who were erased since are not among the examples any more.
    """
    told = await service.tell(session, caller, run)
    return Response(msgspec.json.encode(told), media_type="application/json")


@router.delete(
    "/{run}",
    status_code=204,
    summary="Cancel a run",
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def cancel(caller: Viewer, session: Session, run: UUID) -> None:
    """Cancel a run that waits or goes on; its process ends it within two seconds."""
    await service.cancel(session, caller, run)
