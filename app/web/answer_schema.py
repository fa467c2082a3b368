"""How a decision stands in the OpenAPI document, whoever asks for it."""

from collections.abc import Mapping
from typing import Any

from app.engine.reasons import Lack

_CANDIDATE = {
    "type": "object",
    "required": ["rule", "lacked"],
    "properties": {
        "rule": {"type": "string"},
        "lacked": {
            "type": "array",
            "items": {"enum": [*Lack]},
            "description": "nothing, for the rule that is shown",
        },
        "condition": {
            "type": "array",
            "items": {"type": "string"},
            "description": "JSON pointers to the innermost parts of its condition that did not hold",
        },
    },
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["decision_id", "revision", "visitor", "placements", "assignments", "degraded"],
    "properties": {
        "decision_id": {"type": "string", "format": "uuid"},
        "revision": {
            "type": ["integer", "null"],
            "description": "0 where nothing is published, null where the draft is previewed",
        },
        "visitor": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "stage": {"type": ["string", "null"]},
                "stages": {"type": "object", "additionalProperties": {"type": "string"}},
                "segments": {"type": "array", "items": {"type": "string"}},
            },
        },
        "placements": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "variant": {"type": ["string", "null"]},
                    "content": {},
                    "reason": {
                        "enum": ["rule", "experiment", "holdout", "default", "preview", "unknown_placement"]
                    },
                    "rule": {"type": ["string", "null"]},
                    "experiment": {"type": ["string", "null"]},
                    "arm": {"type": ["string", "null"]},
                    "trace": {
                        "type": "array",
                        "items": _CANDIDATE,
                        "description": "every candidate rule in order, where explained",
                    },
                },
            },
        },
        "assignments": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "experiment": {"type": "string"},
                    "arm": {"type": "string"},
                    "phase": {"type": "integer"},
                    "first": {"type": "boolean"},
                },
            },
        },
        "degraded": {"type": "array", "items": {"type": "string"}},
    },
}


def answering(**fields: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Document that a route answers a decision with further fields; for its `responses`."""
    schema = {**ANSWER, "properties": {**ANSWER["properties"], **fields}}
    return {200: {"content": {"application/json": {"schema": schema}}}}
