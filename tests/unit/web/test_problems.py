import json

import pytest

from app.engine.problems import Problem
from app.web.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PreconditionMissingError,
    ProblemError,
    StaleError,
    UnauthorizedError,
    UnavailableError,
    WrongContentError,
    problem_response_body,
)


def test_a_problem_says_its_status_in_words_and_figures() -> None:
    assert json.loads(problem_response_body(404, "there is no revision 7")) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no revision 7",
    }


def test_errors_name_their_places() -> None:
    body = json.loads(problem_response_body(422, "wrong", [Problem("/placements/0", "must be a string")]))
    assert body["errors"] == [{"pointer": "/placements/0", "message": "must be a string"}]


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (UnauthorizedError("who?"), 401),
        (ForbiddenError("no"), 403),
        (NotFoundError("where?"), 404),
        (ConflictError("there is one"), 409),
        (StaleError("changed since", '"2"'), 412),
        (WrongContentError([Problem("", "must be an object")]), 422),
        (PreconditionMissingError("say what you saw"), 428),
        (UnavailableError("later"), 503),
    ],
)
def test_each_kind_of_problem_has_its_status(problem: ProblemError, status: int) -> None:
    assert problem.status == status
    assert str(problem) == problem.detail


def test_who_has_no_key_is_told_how_to_bring_one() -> None:
    assert UnauthorizedError("who?").headers == {"WWW-Authenticate": 'Bearer realm="signpost"'}


def test_who_is_stale_is_told_the_current_etag() -> None:
    assert StaleError("changed since", '"2"').headers == {"ETag": '"2"'}


def test_who_comes_at_a_bad_time_is_told_when_to_come_back() -> None:
    assert UnavailableError("later", retry_after_s=5).headers == {"Retry-After": "5"}
