"""GET /segments/{key}/size, /segment-sizes, /segment-overlap and /journeys/{key}/stages/sizes."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.admin.route import AdminRoute
from app.admin.sizes import schemas, service
from app.admin.sizes.figures import Figures
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.paging import Paging
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(tags=["segments and stages"], route_class=AdminRoute)

Key = Annotated[str, Path(min_length=1, max_length=128)]

_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds until to ask again."}}


async def _look(
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    session: Session,
    sample: Annotated[
        int,
        Query(ge=1, le=schemas.MOST_SAMPLED, description="How many profiles are looked at, at most."),
    ] = schemas.SAMPLE,
) -> service.Looked:
    return await service.look(session, caller, sample)


Looked = Annotated[service.Looked, Depends(_look)]


def _answering(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    waiting = {
        "application/json": {"schema": schemas.Waiting.model_json_schema(), "example": schemas.WAITING}
    }
    return {
        **problems(401, 403, 404, 409, 422, 503),
        200: {"content": {"application/json": {"example": example}}},
        202: {"description": "The figures are on their way.", "headers": _RETRY, "content": waiting},
    }


def _answer(looked: service.Looked, of: Callable[[Figures], BaseModel]) -> Response:
    if looked.figures is None:
        waiting = {} if looked.waiting is None else looked.waiting.model_dump(mode="json")
        return JSONResponse(waiting, 202, {"Retry-After": "1"})
    return JSONResponse(of(looked.figures).model_dump(mode="json"))


@router.get(
    "/segments/{key}/size",
    summary="Read how many visitors are in a segment",
    response_model=schemas.OneSegment,
    responses=_answering(schemas.ONE_SEGMENT),
)
async def get_segment_size(key: Key, looked: Looked) -> Response:
    """Answer how many stored profiles are in a published segment, estimated from a sample of them.

    Every condition is asked of the profile at one instant, in no request: what it asks of the context finds
    nothing, and `depends_on_context` says so. Where nothing was measured of this revision yet, the answer is
    202: ask again. Figures older than 5 minutes are measured anew behind the answer.
    """
    return _answer(looked, lambda figures: service.one_segment(figures, key))


@router.get(
    "/segment-sizes",
    summary="Read the sizes of all segments",
    response_model=schemas.AllSegments,
    responses=_answering(schemas.ALL_SEGMENTS),
)
async def list_segment_sizes(looked: Looked) -> Response:
    """Answer the size of every published segment, as `/segments/{key}/size` does of one."""
    return _answer(looked, service.all_segments)


@router.get(
    "/segment-overlap",
    summary="Read how far segments overlap",
    response_model=schemas.Overlaps,
    responses=_answering(schemas.OVERLAPS),
)
async def list_overlaps(
    looked: Looked,
    page: Paging,
    segment: Annotated[
        list[str] | None, Query(max_length=2, description="Only pairs with these in them.")
    ] = None,
) -> Response:
    """Answer the pairs of segments that share visitors, those most alike first, with their Jaccard index."""
    return _answer(looked, lambda figures: service.overlaps(figures, segment or [], page))


@router.get(
    "/journeys/{key}/stages/sizes",
    summary="Read how many visitors stand in each stage",
    response_model=schemas.JourneySizes,
    responses=_answering(schemas.JOURNEY),
)
async def get_stage_sizes(key: Key, looked: Looked) -> Response:
    """Answer how many stored profiles stand in each stage of a published journey now, in no request."""
    return _answer(looked, lambda figures: service.stages(figures, key))
