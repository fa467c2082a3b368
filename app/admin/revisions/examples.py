"""Publishing as the OpenAPI document shows it."""

from typing import Any

from fastapi.openapi.models import Example

PUBLICATIONS: dict[str, Example] = {
    "now": {"value": {"comment": "Spring sale on the home page"}},
    "at an instant": {
        "value": {"comment": "Spring sale on the home page", "publish_at": "2027-03-01T06:00:00Z"}
    },
}

_SCHEDULED: dict[str, Any] = {
    "id": "019a0000-0000-7000-8000-000000000000",
    "publish_at": "2027-03-01T06:00:00Z",
    "comment": "Spring sale on the home page",
    "author": "the publisher",
    "status": "waiting",
    "revision": None,
    "errors": [],
    "created_at": "2027-02-24T15:12:00Z",
    "finished_at": None,
}
SCHEDULED: dict[str, Any] = {"application/json": {"example": _SCHEDULED}}

_CHANGE = {"pointer": "/priority", "before": 500, "after": 700}
COMPARED: dict[str, Any] = {
    "application/json": {
        "example": {
            "added": [],
            "changed": ["/rules/0"],
            "removed": [],
            "reordered": [],
            "details": {"resources": {"rules/hero-test": [_CHANGE]}, "cut": False},
        }
    }
}
