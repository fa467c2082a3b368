"""POST /preview."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from app.admin.others import Others
from app.admin.preview import service
from app.admin.preview.schemas import Preview
from app.admin.route import AdminRoute
from app.kit.clock import now
from app.web.answer_schema import answering
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/preview", tags=["preview"], route_class=AdminRoute)


async def _context_of(request: Request) -> service.ContextOf:
    context_of: service.ContextOf = request.app.state.context_of
    return context_of


@router.post(
    "",
    summary="Try the draft out",
    response_class=Response,
    responses={**problems(400, 401, 403, 413, 415, 422, 503), **answering()},
)
async def preview(
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    session: Session,
    others: Others,
    context_of: Annotated[service.ContextOf, Depends(_context_of)],
    said: Preview,
) -> Response:
    """Decide by the draft for a made-up visitor, as `/decide` would once it is published. Nothing is logged.

    A draft that could not be published is a 422 with all that is wrong in it.
    """
    ruleset = await service.load_ruleset(session, caller, others)
    answer = await service.preview(said, ruleset, context_of, now())
    return Response(msgspec.json.encode(answer), media_type="application/json")
