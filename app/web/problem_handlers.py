"""Every error of the FastAPI app as problem+json."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, assert_never

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from app.engine.problems import Problem, Problems, escaped
from app.web.expected import expected
from app.web.problems import PROBLEM_JSON, ProblemError, WrongContentError, problem_response_body

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")

Handled = ProblemError | Problems | RequestValidationError | HTTPException


def install_problem_handlers(app: FastAPI) -> None:
    """Let an app answer its errors as problems; what nobody foresaw is a 500, and raised on to be logged.

    A client that hangs up, or is hung up on, before all of its request was there is nobody's failure.
    """
    for kind in (ProblemError, Problems, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(Exception, _answer_unforeseen)


def pointer_of(location: Sequence[str | int]) -> str:
    """Turn a place that FastAPI names into a JSON pointer; outside the body it is like `query:limit`."""
    where, *path = location
    if where == "body":
        return "".join(f"/{escaped(str(step))}" for step in path)
    return f"{where}:{'.'.join(map(str, path))}"


async def _answer(request: Request, error: Any) -> Response:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        error = _wrong_method(request)
    problem = _problem_of(error)
    return problem_response(problem.status, problem.detail, problem.errors, problem.headers)


def _wrong_method(request: Request) -> ProblemError:
    """Name the methods of a path; each of its routes knows its own alone."""
    scope = {"type": "http", "path": request.url.path, "root_path": request.scope.get("root_path", "")}
    allowed = ", ".join(
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    )
    return ProblemError(405, f"this path can be asked with {allowed}", headers={"Allow": allowed})


async def _answer_unforeseen(_request: Request, _error: Exception) -> Response:
    return problem_response(500, "something went wrong here that nobody foresaw; the log says what")


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    return problem_response(400, "the request was not there to its end")


def _problem_of(error: Handled) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case Problems():
            return WrongContentError(error.problems)
        case RequestValidationError():
            return _problem_of_validation(error)
        case HTTPException():
            return ProblemError(error.status_code, error.detail, headers=error.headers)
    assert_never(error)


def _problem_of_validation(error: RequestValidationError) -> ProblemError:
    found = error.errors()
    if any(detail["type"] == "json_invalid" for detail in found):
        return ProblemError(400, "the body is not JSON")
    return WrongContentError(Problem(pointer_of(detail["loc"]), expected(detail)) for detail in found)


def problem_response(
    status: int, detail: str, errors: Iterable[Problem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Make the answer that says a problem."""
    return Response(problem_response_body(status, detail, errors), status, headers, PROBLEM_JSON)
