"""POST and DELETE /preview-links."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.admin.others import Others
from app.admin.preview_links import service
from app.admin.preview_links.schemas import PreviewLinkAnswer, PreviewLinkRequest
from app.admin.route import AdminRoute
from app.kit.clock import now
from app.rulesets.previewed import PreviewedRulesets
from app.storage.postgres import Postgres
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/preview-links", tags=["preview"], route_class=AdminRoute)

Editor = Annotated[Caller, Depends(require(Role.EDITOR))]


async def _previewed(request: Request, others: Others) -> PreviewedRulesets:
    postgres: Postgres = request.app.state.postgres
    return PreviewedRulesets(postgres.pool, others)


@router.post(
    "",
    status_code=201,
    summary="Make a preview link",
    responses=problems(400, 401, 403, 413, 415, 422, 503),
)
async def make_link(
    caller: Editor,
    session: Session,
    previewed: Annotated[PreviewedRulesets, Depends(_previewed)],
    asked: PreviewLinkRequest,
) -> PreviewLinkAnswer:
    """Sign a token by which a page is decided on as it will be, or for somebody else. Needs the role editor.

    A page sends the token to `/decide` as `preview`, for the whole visit. Nothing of it is logged, and what
    is decided by forcing says `reason: preview`. A link of the draft shows it as it stands at each page load.
    """
    return await service.make_link(session, caller, previewed, asked, now())


@router.delete(
    "",
    status_code=204,
    summary="End every preview link",
    responses=problems(401, 403, 503),
)
async def revoke_links(caller: Editor, session: Session) -> None:
    """Let no link that was made until now hold any longer; pages opened by one go on unlogged, as in force.

    Needs the role editor.
    """
    await service.revoke_links(session, caller)
