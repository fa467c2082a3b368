"""How problems stand in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from app.web.problems import PROBLEM_JSON


class WrongPlace(BaseModel):
    """Where something is wrong, as a JSON pointer into the document, and what."""

    pointer: str
    message: str


# Written out, since FastAPI would claim a model to be answered as application/json too.
_TEXT = {"type": "string"}
_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "description": "An RFC 9457 problem; `errors` names each wrong place of the request.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": _TEXT, "message": _TEXT},
            },
        },
    },
}


_COUNT = {"schema": {"type": "integer"}}
_TOLD = {"schema": _TEXT}
_HEADERS: dict[int, dict[str, Any]] = {
    429: {
        "Retry-After": {**_COUNT, "description": "In how many seconds there is a request left."},
        "RateLimit-Policy": {**_TOLD, "description": "How many requests (`q`) in how many seconds (`w`)."},
        "RateLimit": {
            **_TOLD,
            "description": "How many are left (`r`), and in how many seconds all are (`t`).",
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document which problems a route answers with; for its `responses`."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    told = {"description": HTTPStatus(status).phrase, "content": {PROBLEM_JSON: {"schema": _SCHEMA}}}
    return told | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
