"""The public routes in the one OpenAPI document, although no FastAPI route answers them."""

from typing import Any

import msgspec
from fastapi import FastAPI

from app.api.wire import DecideBody, EventsBody
from app.web.answer_schema import ANSWER

_TAKEN = {
    "type": "object",
    "properties": {name: {"type": "integer"} for name in ("accepted", "duplicate", "ignored")},
}
_REFUSALS = {
    "400": "not JSON",
    "401": "no or unknown key",
    "403": "a page of another origin, or a key that may not do this",
    "413": "too large",
    "415": "not a JSON content type",
    "422": "wrong content, with the place",
    "429": "more requests a second than the key may send; see Retry-After",
    "503": "cannot be kept just now; see Retry-After",
}


def describe(api: FastAPI) -> None:
    """Add the public routes to the document that FastAPI makes of its own."""
    generate = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = generate()
            _, components = msgspec.json.schema_components(
                [DecideBody, EventsBody], ref_template="#/components/schemas/{name}"
            )
            document.setdefault("components", {}).setdefault("schemas", {}).update(components)
            document["paths"]["/decide"] = _route(
                "What should each placement show?", "DecideBody", "200", ANSWER
            )
            document["paths"]["/events"] = _route("What has the visitor done?", "EventsBody", "202", _TAKEN)
        return api.openapi_schema or document

    api.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way of changing the document


def _route(summary: str, body: str, status: str, answer: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{body}"}
    content = {media: {"schema": schema} for media in ("application/json", "text/plain")}
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    refusals = {code: {"description": text, "content": problem} for code, text in _REFUSALS.items()}
    key = {"name": "key", "in": "query", "schema": {"type": "string"}, "description": "a public key"}
    return {
        "post": {
            "tags": ["pages"],
            "summary": summary,
            "parameters": [key],
            "requestBody": {"required": True, "content": content},
            "responses": {
                status: {"description": "the answer", "content": {"application/json": {"schema": answer}}},
                **refusals,
            },
        }
    }
