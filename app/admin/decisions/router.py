"""GET /decisions/{decision_id}."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response

from app.admin.decisions import service
from app.admin.others import Others
from app.admin.route import AdminRoute
from app.web.answer_schema import answering
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/decisions", tags=["decisions"], route_class=AdminRoute)

_LOGGED = {
    "type": "array",
    "description": "the assignments that were stored of this decision",
    "items": {
        "type": "object",
        "properties": {
            "experiment": {"type": "string"},
            "arm": {"type": "string"},
            "phase": {"type": "integer"},
            "unit": {"type": "string"},
            "first": {"type": "boolean"},
        },
    },
}
_ANSWER = answering(at={"type": "string", "format": "date-time"}, logged=_LOGGED)


@router.get(
    "/{decision_id}",
    summary="Tell a decision again",
    response_class=Response,
    responses={**problems(401, 403, 404, 409, 422, 503), **_ANSWER},
)
async def tell_again(
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    session: Session,
    others: Others,
    decision_id: str,
) -> Response:
    """Take a logged decision once more, by the revision and on all that it was taken on, and explain it.

    `logged` are the assignments that were stored at the time. Decisions that deliver an experiment are kept,
    and of the others a share.
    """
    told = await service.tell_again(session, caller, others, decision_id)
    return Response(msgspec.json.encode(told), media_type="application/json")
