"""Publishing, and the revisions there are."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app.admin.difference import Changes
from app.admin.linting import Looking
from app.admin.revisions import service
from app.admin.revisions.schemas import Publication, Published, Revision, RevisionSummary
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.etag import Preconditions
from app.web.keyring import Caller, Role
from app.web.paging import Listing, Paging
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/revisions", tags=["revisions"], route_class=AdminRoute)

Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post(
    "",
    status_code=201,
    summary="Publish the draft",
    responses=problems(400, 401, 403, 413, 415, 422, 503),
)
async def publish(
    caller: Annotated[Caller, Depends(require(Role.PUBLISHER))],
    session: Session,
    looking: Looking,
    publication: Publication,
    response: Response,
) -> Published:
    """Freeze the draft as the next revision, in force at once. With anything wrong in it nothing happens.

    `lint` is what `GET /lint` finds in the draft within two seconds.
    """
    seen = await looking.look(session, caller.site)
    published = await service.publish(session, caller, publication.comment)
    published.lint = await seen.still(session, caller.site)
    response.headers["Location"] = f"/api/v1/revisions/{published.number}"
    response.headers["ETag"] = _etag(published.number)
    return published


@router.get("", summary="List revisions, newest first", responses=problems(401, 403, 422, 503))
async def list_revisions(caller: Viewer, session: Session, page: Paging) -> Listing[RevisionSummary]:
    """List the revisions without their documents."""
    return await service.list_revisions(session, caller, page)


@router.get("/{number}", summary="Read a revision", responses=problems(401, 403, 404, 422, 503))
async def get_revision(caller: Viewer, session: Session, number: Number, response: Response) -> Revision:
    """Answer a revision with its document."""
    revision = await service.get_revision(session, caller, number)
    response.headers["ETag"] = _etag(number)
    return revision


@router.get("/{number}/diff", summary="Compare two revisions", responses=problems(401, 403, 404, 422, 503))
async def compare(
    caller: Viewer,
    session: Session,
    number: Number,
    against: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Changes:
    """Say what changed from the revision `against`, by default the one before, to this one."""
    return await service.compare(session, caller, number, against)


@router.post(
    "/{number}/restore",
    summary="Make the draft equal to a revision",
    responses=problems(401, 403, 404, 412, 422, 428, 503),
)
async def restore(
    caller: Annotated[Caller, Depends(require(Role.EDITOR))],
    session: Session,
    precondition: Preconditions,
    number: Number,
    response: Response,
) -> Changes:
    """Put a revision back into the draft, whose ETag `If-Match` needs. Publish to bring it in force."""
    changes, response.headers["ETag"] = await service.restore(session, caller, number, precondition)
    return changes


def _etag(number: int) -> str:
    """A revision never changes, so that its number says which bytes it has."""
    return f'"{number}"'
