"""GET and PUT /config."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response

from app.admin.config import service
from app.admin.config.examples import CONFIG
from app.admin.config.schemas import ConfigDocument
from app.admin.difference import Changes
from app.admin.draft import load_draft
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.etag import Preconditions
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/config", tags=["config"], route_class=AdminRoute)


@router.get(
    "",
    summary="Read the whole draft",
    response_model=ConfigDocument,
    responses=problems(401, 403, 503),
)
async def get_config(caller: Annotated[Caller, Depends(require(Role.VIEWER))], session: Session) -> Response:
    """Answer the draft as it was put: what was left out is not in it. The `ETag` is what a change needs."""
    draft = await load_draft(session, caller.site)
    return Response(draft.content, headers={"ETag": draft.etag}, media_type="application/json")


@router.put(
    "",
    summary="Make the draft equal to a document",
    responses=problems(400, 401, 403, 412, 413, 415, 422, 428, 503),
)
async def put_config(
    caller: Annotated[Caller, Depends(require(Role.EDITOR))],
    session: Session,
    precondition: Preconditions,
    config: Annotated[ConfigDocument, Body(openapi_examples={"a shop": {"value": CONFIG}})],
    response: Response,
    *,
    dry_run: Annotated[bool, Query(description="Answer the difference, and change nothing.")] = False,
) -> Changes:
    """Replace the draft, all or nothing, and answer what changed. Nothing is in force until it is published.

    `If-Match` is needed, with the ETag of a GET, unless the draft is still empty.
    """
    act = service.compare if dry_run else service.replace
    done = await act(session, caller, precondition, config)
    response.headers["ETag"] = done.etag
    return done.changes
