"""The public routes in the one OpenAPI document, although no FastAPI route answers them."""

from typing import Any

import msgspec
from fastapi import FastAPI

from app.api.examples import add_examples
from app.api.groups import described_tags, tag_groups, tags_used
from app.api.links import add_links
from app.api.whole_examples import put_nulls_back
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


_DECIDE = """Answers what each placement shows and why, and keeps a durable trace of the choice.

What a page leaves out of `context` is read from its request's headers; of a server's request no header is
read. Whatever is missing, such as a profile, is named in `degraded` and keeps no page from its answer. Only
with a secret key the body may say `at` and `explain`. With `preview`, a token of
`POST /api/v1/preview-links`, the decision shows what the link does, and nothing of it is logged. Where the
token does not hold, the page still gets its decision, unlogged, with `"degraded": ["preview"]`.

A page may send its public key as `?key=` and the body as `text/plain`, which spares it the preflight."""

_EVENTS = """An event that is accepted is durable, and the visitor's next decision sees it.

`duplicate` counts those whose id was known already, `ignored` those for which there is no consent. Events may
be up to 90 days old. `$exposure` with `decision_id` and `placement` says that the content was shown. With a
secret key `visitor.user_id` alone will do."""


def describe(api: FastAPI) -> None:
    """Add the public routes, groups and examples to the document that FastAPI makes of its own."""
    generate = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = generate()
            put_nulls_back(document, api)
            _add_public(document)
            used = tags_used(document)
            document |= {"tags": described_tags(used), "x-tagGroups": tag_groups(used)}
            add_examples(document)
            add_links(document)
        return api.openapi_schema or document

    api.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way of changing the document


def _add_public(document: dict[str, Any]) -> None:
    _, schemas = msgspec.json.schema_components(
        [DecideBody, EventsBody], ref_template="#/components/schemas/{name}"
    )
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    components.setdefault("securitySchemes", {})["public key"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A public key `pk_…` of a page, or a secret one of a server.",
    }
    paths = document["paths"]
    paths["/decide"] = _route(("What should each placement show?", _DECIDE), "DecideBody", "200", ANSWER)
    paths["/events"] = _route(("What has the visitor done?", _EVENTS), "EventsBody", "202", _TAKEN)


def _route(about: tuple[str, str], body: str, status: str, answer: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{body}"}
    content = {media: {"schema": schema} for media in ("application/json", "text/plain")}
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    refusals = {code: {"description": text, "content": problem} for code, text in _REFUSALS.items()}
    key = {"name": "key", "in": "query", "schema": {"type": "string"}, "description": "a public key"}
    summary, description = about
    return {
        "post": {
            "tags": ["pages"],
            "summary": summary,
            "description": description,
            "security": [{"public key": []}],
            "parameters": [key],
            "requestBody": {"required": True, "content": content},
            "responses": {
                status: {"description": "the answer", "content": {"application/json": {"schema": answer}}},
                **refusals,
            },
        }
    }
