"""Revisions and schedules as the OpenAPI document shows them."""

from typing import Any

from fastapi.openapi.models import Example

PUBLICATIONS: dict[str, Example] = {
    "now": {"value": {"comment": "Spring sale on the home page"}},
    "at an instant": {
        "value": {"comment": "Spring sale on the home page", "publish_at": "2027-03-01T06:00:00Z"}
    },
}

_REVISION: dict[str, Any] = {
    "number": 8,
    "comment": "Spring sale on the home page",
    "author": "the publisher",
    "created_at": "2027-02-24T15:12:00Z",
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
_DOCUMENT: dict[str, Any] = {"placements": [{"key": "home.hero", "variants": [{"key": "default"}]}]}
_CHANGED: dict[str, Any] = {"added": [], "changed": ["/rules/0"], "removed": [], "reordered": []}
_DETAILS: dict[str, Any] = {
    "resources": {"rules/hero-test": [{"pointer": "/priority", "before": 500, "after": 700}]},
    "cut": False,
}


def _shown(answer: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"example": answer}}}


PUBLISHED = _shown({**_REVISION, "warnings": []})
REVISION = _shown({**_REVISION, "document": _DOCUMENT})
REVISIONS = _shown({"items": [_REVISION], "next_cursor": None})
COMPARED = _shown({**_CHANGED, "details": _DETAILS})
RESTORED = _shown(_CHANGED)
SCHEDULED = _shown(_SCHEDULED)
SCHEDULED_DOCUMENT = _shown({**_SCHEDULED, "document": _DOCUMENT})
SCHEDULES = _shown({"items": [_SCHEDULED], "next_cursor": None})
