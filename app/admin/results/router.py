"""GET /experiments/{key}/results."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Response

from app.admin.results.schemas import Format, ResultsQuery
from app.admin.route import AdminRoute
from app.engine.problems import Problem
from app.kit.clock import now
from app.reporting.definition import UnknownExperimentError, UnknownPhaseError
from app.reporting.question import Question
from app.reporting.report import Results
from app.reporting.results import load_results
from app.reporting.sheet import sheet_of
from app.web.auth import require
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.problems import NotFoundError, WrongContentError
from app.web.session import Session

router = APIRouter(prefix="/experiments", tags=["results"], route_class=AdminRoute)

# A user's own key, or one of ours like `$holdout`.
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9$][A-Za-z0-9_.:-]{0,127}$")]


@router.get(
    "/{key}/results",
    summary="Read what an experiment has come to",
    response_model=Results,
    responses={**problems(401, 403, 404, 422, 503), 200: {"content": {"text/csv": {}}}},
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
    those who are kept on default content.
    """
    question = Question(
        site_id=caller.site,
        experiment=key,
        by=query.by,
        phase=query.phase,
        population=query.population,
        complete=query.complete,
    )
    try:
        results = await load_results(session, question, now())
    except UnknownExperimentError as error:
        raise NotFoundError(f"there is no published experiment {key!r}") from error
    except UnknownPhaseError as error:
        raise WrongContentError([Problem("query:phase", str(error))]) from error
    if query.format is Format.CSV:
        return Response(sheet_of(results), media_type="text/csv")
    return Response(msgspec.json.encode(results), media_type="application/json")
