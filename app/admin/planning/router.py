"""POST /experiments/plan and GET /experiments/{key}/overlap."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path

from app.admin.planning import service
from app.admin.planning.examples import OVERLAPS, PLANNED, WISH
from app.admin.planning.schemas import PlanBody
from app.admin.route import AdminRoute
from app.reporting.overlap import Overlap
from app.reporting.planning import Plan
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/experiments", tags=["results"], route_class=AdminRoute)

Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]


@router.post(
    "/plan",
    summary="Plan how long an experiment has to run",
    responses={
        **problems(400, 401, 403, 413, 415, 422, 503),
        200: {"content": {"application/json": {"example": PLANNED}}},
    },
)
async def plan_experiment(
    caller: Viewer,
    session: Session,
    wish: Annotated[PlanBody, Body(openapi_examples={"five percent more orders": {"value": WISH}})],
) -> Plan:
    """Tell the units and the days that a wanted effect takes, and what other durations would find.

    Traffic is the new units a day that experiments on these placements had lately, and the baseline what the
    largest experiment that is judged by the metric has measured, unless both are said.
    """
    return await service.plan_experiment(session, caller, wish)


@router.get(
    "/{key}/overlap",
    summary="Count the units that an experiment shares with others",
    responses={
        **problems(401, 403, 404, 422, 503),
        200: {"content": {"application/json": {"example": OVERLAPS}}},
    },
)
async def read_overlap(
    caller: Viewer,
    session: Session,
    key: Annotated[str, Path(pattern=r"^[A-Za-z0-9$][A-Za-z0-9_.:-]{0,127}$")],
) -> list[Overlap]:
    """Count, for each other experiment that runs, the units of both, by their arms."""
    return await service.read_overlap(session, caller, key)
