"""Webhooks as the OpenAPI document shows them."""

from typing import Any

from fastapi.openapi.models import Example

ADDED: dict[str, Example] = {
    "a receiver": {
        "value": {
            "url": "https://shop.example/hooks",
            "events": ["revision.published", "experiment.status_changed"],
        }
    }
}
PATCHED: dict[str, Example] = {"switch it off": {"value": {"enabled": False}}}
ROTATION: dict[str, Example] = {"a day to change over": {"value": {"overlap_s": 86_400}}}

_WEBHOOK: dict[str, Any] = {
    "id": "019a0000-0000-7000-8000-000000000001",
    "url": "https://shop.example/hooks",
    "events": ["revision.published", "experiment.status_changed"],
    "enabled": True,
    "disabled_because": None,
    "created_at": "2026-11-22T09:00:00Z",
    "updated_at": "2026-11-22T09:00:00Z",
}
_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDvwGuiZiy0Hs="  # noqa: S105 - it signs nothing
_DATA = {"number": 8, "comment": "Spring sale on the home page", "author": "the publisher"}
_DELIVERY: dict[str, Any] = {
    "id": "019a0000-0000-7000-8000-000000000002",
    "event": "revision.published",
    "status": "waiting",
    "attempts": 2,
    "response_code": 503,
    "answer": "busy",
    "error": None,
    "body": {"type": "revision.published", "timestamp": "2026-11-22T09:00:00Z", "data": _DATA},
    "created_at": "2026-11-22T09:00:00Z",
    "last_at": "2026-11-22T09:00:06Z",
    "next_at": "2026-11-22T09:00:21Z",
}


def _shown(answer: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"example": answer}}}


WEBHOOK = _shown(_WEBHOOK)
NEW_WEBHOOK = _shown({**_WEBHOOK, "secret": _SECRET})
WEBHOOKS = _shown({"items": [_WEBHOOK], "next_cursor": None})
ROTATED = _shown({"secret": _SECRET, "previous_until": "2026-11-23T09:00:00Z"})
DELIVERY = _shown(_DELIVERY)
DELIVERIES = _shown({"items": [_DELIVERY], "next_cursor": None})
