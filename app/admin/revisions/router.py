"""Publishing, and the revisions there are."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from app.admin.details import ReadableChanges
from app.admin.difference import Changes
from app.admin.idempotency import Idempotent
from app.admin.linting import Looking
from app.admin.revisions import examples, service
from app.admin.revisions.compare import compare as compare_versions
from app.admin.revisions.schedule import schedule
from app.admin.revisions.schemas import (
    GREATEST,
    Publication,
    Published,
    Revision,
    RevisionSummary,
    Scheduled,
    Version,
)
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.etag import NOT_MODIFIED, Preconditions
from app.web.keyring import Caller, Role
from app.web.paging import Listing, Paging
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/revisions", tags=["revisions"], route_class=AdminRoute)

Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]
Number = Annotated[int, Path(ge=1, le=GREATEST)]
_SCHEDULED = {"model": Scheduled, "description": "It is scheduled", **examples.SCHEDULED}


@router.post(
    "",
    status_code=201,
    summary="Publish the draft, now or at an instant",
    response_model=Published,
    responses={
        **problems(400, 401, 403, 409, 413, 415, 422, 503),
        201: examples.PUBLISHED,
        202: _SCHEDULED,
    },
)
async def publish(
    caller: Annotated[Caller, Depends(require(Role.PUBLISHER))],
    session: Session,
    _once: Idempotent,
    looking: Looking,
    publication: Annotated[Publication, Body(openapi_examples=examples.PUBLICATIONS)],
    response: Response,
) -> Published | Response:
    """Freeze the draft as the next revision, in force at once. With anything wrong in it nothing happens.

    With `publish_at` the draft is checked and kept as it is now, whatever is edited later, and published
    within a second of that instant: 202. Where other revisions come in force until then, only what this draft
    changes is published, upon the one in force then; it fails where both change the same resource otherwise,
    or where what comes out could not be published.

    Where the site wants a review (`site.review_required`), who changed the draft since the latest revision
    may do neither. `lint` is what `GET /lint` finds in the draft within two seconds.
    """
    if publication.publish_at is not None:
        made = await schedule(session, caller, publication.comment, publication.publish_at)
        return _accepted(made)
    seen = await looking.look(session, caller.site)
    published = await service.publish(session, caller, publication.comment)
    published.lint = await seen.still(session, caller.site)
    response.headers["Location"] = f"/api/v1/revisions/{published.number}"
    response.headers["ETag"] = _etag(published.number)
    return published


@router.get(
    "",
    summary="List revisions, newest first",
    responses={**problems(401, 403, 422, 503), 200: examples.REVISIONS},
)
async def list_revisions(caller: Viewer, session: Session, page: Paging) -> Listing[RevisionSummary]:
    """List the revisions without their documents."""
    return await service.list_revisions(session, caller, page)


@router.get(
    "/{number}",
    summary="Read a revision",
    responses={**problems(401, 403, 404, 422, 503), **NOT_MODIFIED, 200: examples.REVISION},
)
async def get_revision(caller: Viewer, session: Session, number: Number, response: Response) -> Revision:
    """Answer a revision with its document."""
    revision = await service.get_revision(session, caller, number)
    response.headers["ETag"] = _etag(number)
    return revision


@router.get(
    "/{version}/diff",
    summary="Compare revisions, or the draft",
    responses={**problems(401, 403, 404, 422, 503), 200: examples.COMPARED},
)
async def compare(
    caller: Viewer,
    session: Session,
    version: Annotated[Version, Path(description="The number of a revision, or `draft`.")],
    against: Annotated[
        Version | None, Query(description="The number of a revision, or `draft`; else the one before.")
    ] = None,
) -> ReadableChanges:
    """Say what changed from the version `against` to this one.

    By default that is the revision before; before the draft stands the latest revision. Pointers lead into
    this version, and into the other one for what was removed.
    """
    return await compare_versions(session, caller.site, version, against)


@router.post(
    "/{number}/restore",
    summary="Make the draft equal to a revision",
    responses={**problems(401, 403, 404, 409, 412, 422, 428, 503), 200: examples.RESTORED},
)
async def restore(
    caller: Annotated[Caller, Depends(require(Role.EDITOR))],
    session: Session,
    _once: Idempotent,
    precondition: Preconditions,
    number: Number,
    response: Response,
) -> Changes:
    """Put a revision back into the draft, whose ETag `If-Match` needs. Publish to bring it in force."""
    changes, response.headers["ETag"] = await service.restore(session, caller, number, precondition)
    return changes


def _accepted(made: Scheduled) -> Response:
    location = {"Location": f"/api/v1/revisions/scheduled/{made.id}"}
    return Response(made.model_dump_json(), 202, location, media_type="application/json")


def _etag(number: int) -> str:
    """A revision never changes, so that its number says which bytes it has."""
    return f'"{number}"'
