"""Examples of bodies and answers for operations that do not bring their own."""

from collections.abc import Mapping
from typing import Any

import msgspec

_AT = "2026-11-22T09:00:00Z"
_DECISION_ID = "0193f3a4-6b1c-7c2e-9a4d-2f6f0c1b7e55"
_SUMMARY = {"number": 8, "comment": "Spring sale on the home page", "author": "the editor", "created_at": _AT}
_CHANGES = {"added": ["/rules/3"], "changed": ["/placements/0"], "removed": [], "reordered": []}
_DOCUMENT = {
    "placements": [
        {
            "key": "home.hero",
            "default": "default",
            "variants": [
                {"key": "default", "content": {"title": "Welcome"}},
                {"key": "spring-sale", "content": {"title": "Spring sale"}},
            ],
        }
    ],
    "segments": [{"key": "returning", "condition": {"events.page_viewed.count": {"$gte": 3}}}],
    "rules": [
        {
            "key": "sale",
            "placements": ["home.hero"],
            "audience": {"segments": ["returning"]},
            "deliver": {"variant": "spring-sale"},
        }
    ],
}
_SHOWN = {
    "variant": "spring-sale",
    "content": {"title": "Spring sale"},
    "reason": "experiment",
    "rule": "hero-test",
    "experiment": "hero-copy",
    "arm": "treatment",
}
_DECIDED = {
    "decision_id": _DECISION_ID,
    "revision": 7,
    "visitor": {
        "id": "v-123",
        "stage": "consideration",
        "stages": {"purchase": "consideration"},
        "segments": ["returning"],
    },
    "placements": {"home.hero": _SHOWN},
    "assignments": [{"experiment": "hero-copy", "arm": "treatment", "phase": 1, "first": True}],
    "degraded": [],
}
_EXPLAINED = {
    **_DECIDED,
    "placements": {"home.hero": {**_SHOWN, "trace": [{"rule": "hero-test", "lacked": []}]}},
}
_RATIO = {"p_value": 0.41, "mismatch": False}
_RESULTS = {
    "experiment": "hero-copy",
    "as_of": _AT,
    "phase": 1,
    "population": "assigned",
    "units": 20000,
    "units_complete": 18200,
    "crossed_units": 3,
    "arms": [
        {"arm": "control", "units": 10000, "expected_share": 0.5},
        {"arm": "treatment", "units": 10000, "expected_share": 0.5},
    ],
    "sample_ratio": _RATIO,
    "metrics": [
        {
            "metric": "orders",
            "kind": "conversion",
            "role": "primary",
            "arms": [
                {"arm": "control", "units": 10000, "sum": 1000, "sum_of_squares": 1000, "mean": 0.1},
                {"arm": "treatment", "units": 10000, "sum": 1080, "sum_of_squares": 1080, "mean": 0.108},
            ],
            "comparisons": [
                {
                    "arm": "treatment",
                    "baseline": "control",
                    "estimator": "plain",
                    "difference": 0.008,
                    "interval": [-0.0005, 0.0165],
                    "relative": 0.08,
                    "relative_interval": None,
                    "p_value": 0.064,
                    "adjusted_p_value": None,
                    "always_valid": None,
                    "chance_to_win": None,
                    "expected_loss": None,
                    "significant": False,
                }
            ],
            "note": None,
        }
    ],
    "cuts": [],
    "verdict": {
        "call": "keep_running",
        "arm": None,
        "why": "1,800 of 20,000 units are still in their window",
        "checks": [{"check": "sample_ratio", "ok": True, "detail": "arms are as large as their weights say"}],
    },
}
_PROFILE = {
    "visitor": "v-123",
    "owner": None,
    "first_seen": "2026-11-02T08:15:00Z",
    "last_event_at": _AT,
    "traits": {"plan": {"tier": "gold"}},
    "events": {
        "page_viewed": {
            "count": 12,
            "first_at": "2026-11-02T08:15:00Z",
            "last_at": _AT,
            "sums": {},
            "latest": {"category": "bikes"},
            "count_since": {},
        }
    },
    "stages": {"purchase": {"stage": "consideration", "since": "2026-11-20T18:00:00Z"}},
    "moves": [
        {
            "journey": "purchase",
            "came_from": "awareness",
            "stage": "consideration",
            "at": "2026-11-20T18:00:00Z",
            "because": "consideration.when",
        }
    ],
    "arms": {"hero-copy": {"arm": "treatment", "phase": 1, "at": "2026-11-20T18:00:05Z"}},
    "caps": {},
    "consent": {"analytics": {"granted": True, "at": "2026-11-02T08:15:00Z"}},
}


class Example(msgspec.Struct, frozen=True):
    """What an operation is sent and answers; None where it is or answers no JSON."""

    answer: Any = None
    body: Any = None


EXAMPLES: Mapping[str, Example] = {
    "POST /decide": Example(
        _DECIDED,
        {
            "visitor": {"id": "v-123"},
            "placements": ["home.hero"],
            "context": {
                "url": "https://shop.example/bikes?utm_source=mail",
                "locale": "en-GB",
                "attributes": {"cart_value": 42.5},
            },
            "events": [{"name": "page_viewed", "properties": {"category": "bikes"}}],
            "consent": {"personalization": True, "analytics": True},
        },
    ),
    "POST /events": Example(
        {"accepted": 1, "duplicate": 0, "ignored": 0},
        {
            "visitor": {"id": "v-123"},
            "events": [{"name": "order_completed", "properties": {"value": 59.9, "currency": "EUR"}}],
        },
    ),
    "GET /livez": Example({"status": "ok"}),
    "GET /readyz": Example(
        {
            "status": "ok",
            "parts": {"postgres": "ok", "valkey": "ok", "journal": "ok", "shipper": "ok"},
        }
    ),
    "GET /api/v1/config": Example(_DOCUMENT),
    "PUT /api/v1/config": Example(_CHANGES, _DOCUMENT),
    "POST /api/v1/revisions": Example({**_SUMMARY, "warnings": []}, {"comment": _SUMMARY["comment"]}),
    "GET /api/v1/revisions": Example({"items": [_SUMMARY], "next_cursor": None}),
    "GET /api/v1/revisions/{number}": Example({**_SUMMARY, "document": _DOCUMENT}),
    "POST /api/v1/revisions/{number}/restore": Example(_CHANGES),
    "GET /api/v1/experiments/{key}/results": Example(_RESULTS),
    "GET /api/v1/decisions/{decision_id}": Example({**_EXPLAINED, "at": _AT, "logged": []}),
    "POST /api/v1/preview": Example(
        {**_EXPLAINED, "revision": None, "assignments": []},
        {
            "placements": ["home.hero"],
            "context": {"country": "GB"},
            "profile": {"events": {"page_viewed": {"count": 3}}},
            "stage": "consideration",
            "at": "2026-11-27T09:00:00Z",
        },
    ),
    "GET /api/v1/profiles/{visitor}": Example(_PROFILE),
    "PATCH /api/v1/profiles/{visitor}": Example(
        None, {"traits": {"plan": {"tier": "gold"}, "newsletter": None}}
    ),
}


def add_examples(document: dict[str, Any]) -> None:
    """Put the examples into an OpenAPI document, wherever an operation has none of its own."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            example = EXAMPLES.get(f"{method.upper()} {path}", Example())
            _add(operation.get("requestBody", {}), example.body)
            for status, answer in operation.get("responses", {}).items():
                if status.startswith("2"):
                    _add(answer, example.answer)


def _add(told: dict[str, Any], example: Any) -> None:
    for media, content in told.get("content", {}).items():
        # JSON may come as text too, to spare a preflight; a sheet is no JSON.
        if example is not None and media != "text/csv" and "examples" not in content:
            content.setdefault("example", example)
