"""GET /experiments/{key}/results, and what lies behind them row by row."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.admin.results.examples import ANSWER, SHEET
from app.admin.results.schemas import ExportFormat, ExportQuery, Format, ResultsQuery
from app.admin.route import AdminRoute
from app.engine.problems import Problem
from app.kit.clock import now
from app.reporting.definition import UnknownExperimentError, UnknownPhaseError
from app.reporting.exports import NotCountedError, export
from app.reporting.parquet import parquet_of
from app.reporting.queries import lent
from app.reporting.question import Question
from app.reporting.report import Results
from app.reporting.results import load_results
from app.reporting.sheet import lines_of, sheet_of
from app.storage.postgres import Postgres
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.problems import ConflictError, NotFoundError, WrongContentError
from app.web.session import Session, said_if_away

router = APIRouter(prefix="/experiments", tags=["results"], route_class=AdminRoute)

# A user's own key, or one of ours like `$holdout`.
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9$][A-Za-z0-9_.:-]{0,127}$")]


@router.get(
    "/{key}/results",
    summary="Read what an experiment has come to",
    response_model=Results,
    responses={
        **problems(401, 403, 404, 422, 503),
        200: {"content": {"application/json": {"example": ANSWER}, "text/csv": {"example": SHEET}}},
    },
)
async def get_results(
    key: Key,
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    session: Session,
    query: Annotated[ResultsQuery, Query()],
) -> Response:
    """Answer units, sums, means and comparisons by arm, and a verdict in words.

    A unit counts once, by its first assignment, in that one's phase; visitors who turned out to be one user
    are one unit, and crossed where they were given more than one arm. `$holdout` compares all visitors with
    those who are kept on default content, and its `uplift` tells what personalization is worth to each.
    """
    question = Question(
        site_id=caller.site,
        experiment=key,
        by=query.by,
        phase=query.phase,
        population=query.population,
        complete=query.complete,
    )
    with _refusals(key):
        results = await load_results(session, question, now())
    if query.format is Format.CSV:
        return Response(sheet_of(results), media_type="text/csv")
    return Response(msgspec.json.encode(results), media_type="application/json")


@router.get(
    "/{key}/export",
    summary="Export units or assignments for a notebook",
    response_class=StreamingResponse,
    responses={
        **problems(401, 403, 404, 409, 422, 503),
        200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}},
    },
)
async def export_rows(
    key: Key,
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    request: Request,
    query: Annotated[ExportQuery, Query()],
) -> Response:
    """Stream every row of one phase, as CSV or as Parquet.

    Of each unit: its first assignment, and a number for each metric. Beside a ratio stands `.denominator`;
    `.before` is what a covariate counted before the assignment. A number whose name another column has
    already stands under `metric.` and that name. What ends early is not whole.
    """
    postgres: Postgres = request.app.state.postgres
    with _refusals(key), said_if_away():
        found = await export(partial(lent, postgres), caller.site, key, query.phase, query.what)
    name = f'attachment; filename="{key.lstrip("$")}-{query.what}.{query.format}"'
    if query.format is ExportFormat.CSV:
        return StreamingResponse(
            lines_of(found), media_type="text/csv", headers={"Content-Disposition": name}
        )
    return StreamingResponse(
        parquet_of(found),
        media_type="application/vnd.apache.parquet",
        headers={"Content-Disposition": name},
    )


@contextmanager
def _refusals(key: str) -> Iterator[None]:
    """Say what cannot be answered as a problem."""
    try:
        yield
    except UnknownExperimentError as error:
        raise NotFoundError(f"there is no published experiment {key!r}") from error
    except UnknownPhaseError as error:
        raise WrongContentError([Problem("query:phase", str(error))]) from error
    except NotCountedError as error:
        raise ConflictError(f"{error}; ask again in a moment") from error
