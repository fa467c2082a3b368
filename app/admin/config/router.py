"""GET and PUT /config."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.admin.config import service
from app.admin.config.examples import CHANGES, CONFIG, CONFIG_AS_YAML
from app.admin.config.given import JSON, KINDS, YAML, GivenConfig
from app.admin.config.schemas import ConfigDocument
from app.admin.details import ReadableChanges
from app.admin.route import AdminRoute
from app.web.accept import best_kind
from app.web.auth import require
from app.web.etag import NOT_MODIFIED, Preconditions
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/config", tags=["config"], route_class=AdminRoute)


def _content() -> dict[str, Any]:
    """Describe the document in both ways of writing it; its parts FastAPI knows from the answer of GET."""
    schema = {"$ref": f"#/components/schemas/{ConfigDocument.__name__}"}
    written = {JSON: CONFIG, YAML: CONFIG_AS_YAML}
    return {
        kind: {"schema": schema, "examples": {"a shop": {"value": example}}}
        for kind, example in written.items()
    }


@router.get(
    "",
    summary="Read the whole draft",
    response_model=ConfigDocument,
    responses={200: {"content": _content()}, **NOT_MODIFIED, **problems(401, 403, 406, 503)},
)
async def get_config(
    request: Request, caller: Annotated[Caller, Depends(require(Role.VIEWER))], session: Session
) -> Response:
    """Answer the draft as it was put: what was left out is not in it. `Accept` says whether as JSON or YAML.

    The `ETag` is what a change needs, and is that of the draft, whichever way it is written.
    """
    kind = best_kind(",".join(request.headers.getlist("accept")), KINDS)
    kind = JSON if kind == JSON else YAML
    content, etag = await service.read(session, caller, kind)
    return Response(content, headers={"ETag": etag, "Vary": "Accept"}, media_type=kind)


@router.put(
    "",
    summary="Make the draft equal to a document",
    responses={
        200: {"content": {JSON: {"example": CHANGES}}},
        **problems(400, 401, 403, 412, 413, 415, 422, 428, 503),
    },
    openapi_extra={"requestBody": {"required": True, "content": _content()}},
)
async def put_config(
    caller: Annotated[Caller, Depends(require(Role.EDITOR))],
    config: GivenConfig,
    session: Session,
    precondition: Preconditions,
    response: Response,
    *,
    dry_run: Annotated[bool, Query(description="Answer the difference, and change nothing.")] = False,
) -> ReadableChanges:
    """Replace the draft, all or nothing, and answer what changed. Nothing is in force until it is published.

    `If-Match` is needed, with the ETag of a GET, unless the draft is still empty. YAML is read as the core
    schema of YAML 1.2: `NO`, `off`, `1:20` and dates are text. Tags and keys that stand twice are refused.
    """
    act = service.compare if dry_run else service.replace
    done = await act(session, caller, precondition, config)
    response.headers["ETag"] = done.etag
    return done.changes
