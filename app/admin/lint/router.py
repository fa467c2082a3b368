"""GET /lint."""

from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from app.admin.findings import Lint, Linting
from app.admin.lint import service
from app.admin.lint.examples import LINT
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import open_session

router = APIRouter(prefix="/lint", tags=["lint"], route_class=AdminRoute)

_opened = asynccontextmanager(open_session)


@router.get(
    "",
    summary="Find what is allowed and hardly meant",
    responses={
        **problems(401, 403, 404, 422, 503),
        200: {"content": {"application/json": {"example": LINT}}},
    },
)
async def lint(
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    request: Request,
    linter: Linting,
    revision: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="A revision instead of the draft.")
    ] = None,
) -> Lint:
    """Look at the draft for rules that nobody reaches, contradictions, ties and the like.

    What is found is certain: a solver has decided it, and the engine has confirmed the visitor who shows it,
    who can be tried at `/preview`. What could not be decided is `unknown`, with the reason; what there was no
    time for is named in `not_checked`. Nothing found here keeps anybody from publishing.
    """
    # The solver may take seconds, for which a connection of the database would lie idle.
    async with _opened(request) as connection:
        document = await service.load_document(connection, caller, revision)
    return await service.lint(linter, document)
