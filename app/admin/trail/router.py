"""GET /audit."""

import json
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.admin.route import AdminRoute
from app.admin.trail import service
from app.admin.trail.schemas import AuditEntry, AuditFormat
from app.admin.trail.schemas import Query as Asked
from app.storage.postgres import Postgres
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.paging import Listing
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/audit", tags=["audit"], route_class=AdminRoute)

_EXAMPLE = {
    "id": 4711,
    "at": "2026-11-22T07:15:03.214Z",
    "actor": "CMS, production",
    "key_id": "0193f1c2-7c1e-7b3a-9d55-3f2b8a1c0e11",
    "request_id": "0193f1c9-1f0a-7c11-8d1e-0a7b3c9d2e10",
    "action": "changed",
    "target": "rules/hero-test",
    "before": {"key": "hero-test", "priority": 500},
    "after": {"key": "hero-test", "priority": 900},
}
_SHEET = (
    "id,at,actor,key_id,request_id,action,target,before,after\r\n"
    "4711,2026-11-22T07:15:03.214Z,CI,0193f1c2-7c1e-7b3a-9d55-3f2b8a1c0e11,deploy-17,published,revisions/8,,\r\n"
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {"example": {"items": [_EXAMPLE], "next_cursor": None}},
            "text/csv": {"schema": {"type": "string"}, "example": _SHEET},
            "application/x-ndjson": {"schema": {"type": "string"}, "example": f"{json.dumps(_EXAMPLE)}\n"},
        }
    }
}


async def _postgres(request: Request) -> Postgres:
    postgres: Postgres = request.app.state.postgres
    return postgres


@router.get(
    "",
    summary="Read who changed what, newest first",
    response_model=Listing[AuditEntry],
    responses={**problems(401, 403, 422, 503), **_ANSWERS},
)
async def read_audit(
    caller: Annotated[Caller, Depends(require(Role.ADMIN))],
    session: Session,
    postgres: Annotated[Postgres, Depends(_postgres)],
    query: Annotated[Asked, Query()],
) -> Response:
    """List entries page by page, or export all of them: `csv` for spreadsheets, `ndjson` to the letter.

    Entries are never changed or removed; the database itself refuses to. An export that ends without its last
    chunk is not whole.
    """
    if query.format is AuditFormat.JSON:
        told = await service.list_entries(session, caller, query)
        return Response(msgspec.json.encode(told), media_type="application/json")
    first = await service.first_of(session, caller, query)
    return StreamingResponse(
        service.export(postgres.engine, caller, query, first),
        media_type=service.media_type_of(query.format),
        headers={"Content-Disposition": f'attachment; filename="audit.{query.format}"'},
    )
