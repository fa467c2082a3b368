"""What goes wrong on the wire, as RFC 9457 tells it; no framework is known here."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec

from app.engine.problems import Problem

PROBLEM_JSON = "application/problem+json"


class ProblemError(Exception):
    """A request that is not answered as it wished. `errors` name each wrong place of its body."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class UnauthorizedError(ProblemError):
    """No key, or none that is known."""

    def __init__(self, detail: str) -> None:
        super().__init__(401, detail, headers={"WWW-Authenticate": 'Bearer realm="signpost"'})


class ForbiddenError(ProblemError):
    """The key is known and may not do this."""

    def __init__(self, detail: str) -> None:
        super().__init__(403, detail)


class NotFoundError(ProblemError):
    """There is no such thing on this key's site."""

    def __init__(self, detail: str) -> None:
        super().__init__(404, detail)


class ConflictError(ProblemError):
    """What is there already stands against it; `errors` name each such thing where there are several."""

    def __init__(self, detail: str, errors: Iterable[Problem] = ()) -> None:
        super().__init__(409, detail, errors=errors)


class StaleError(ProblemError):
    """What was to be changed is not what the client last saw. `current` is the ETag it has now."""

    def __init__(self, detail: str, current: str) -> None:
        super().__init__(412, detail, headers={"ETag": current})


class WrongContentError(ProblemError):
    """The body is JSON and says something that cannot be."""

    def __init__(self, errors: Iterable[Problem]) -> None:
        super().__init__(422, "the request is wrong in places; `errors` names each", errors=errors)


class PreconditionMissingError(ProblemError):
    """A change without saying what it is a change of."""

    def __init__(self, detail: str) -> None:
        super().__init__(428, detail)


class TooManyRequestsError(ProblemError):
    """The key asks more often than it may."""

    def __init__(
        self, detail: str, *, retry_after_s: int, allowance: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(429, detail, headers={"Retry-After": str(retry_after_s), **(allowance or {})})


class UnavailableError(ProblemError):
    """Something that this needs is away for the moment."""

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(503, detail, headers={"Retry-After": str(retry_after_s)})


def problem_response_body(status: int, detail: str, errors: Iterable[Problem] = ()) -> bytes:
    """Write a problem as JSON; `errors` stands in it only where there are any."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    listed = list(errors)
    return msgspec.json.encode({**body, "errors": listed} if listed else body)
