"""What to ask next, as links of the OpenAPI document: a thing that was made can be read, changed, ended."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# By the name that a path has for it: where an answer tells it.
_TOLD_AS = {
    "key": "key",
    "placement": "key",
    "number": "number",
    "version": "number",
    "key_id": "id",
    "webhook_id": "id",
    "delivery_id": "id",
    "schedule_id": "id",
    "run": "id",
    "decision_id": "decision_id",
}
# What is told of where no path says that it belongs together.
_ELSEWHERE = {
    ("POST /decide", "200"): "/api/v1/decisions",
    ("POST /api/v1/revisions", "202"): "/api/v1/revisions/scheduled",
    ("POST /api/v1/webhooks/{webhook_id}/ping", "202"): "/api/v1/webhooks/{webhook_id}/deliveries",
}
_ETAG = "$response.header.ETag"

Document = dict[str, Any]


class _Operation(NamedTuple):
    method: str
    path: str
    said: Document

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def names(self, *places: str) -> list[tuple[str, str]]:
        return [
            (each["in"], each["name"]) for each in self.said.get("parameters", ()) if each["in"] in places
        ]


def add_links(document: Document) -> None:
    """Link each operation that answers one thing with those that are asked about this very thing."""
    every = [
        _Operation(method.upper(), path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]
    for source in every:
        for status, answer in source.said["responses"].items():
            if status.startswith("2") and "application/json" in answer.get("content", {}):
                found = [_link(source, target) for target in _targets(source, status, every)]
                links = {link["operationId"]: link for link in found if link["parameters"]}
                answer.update({"links": links} if links else {})


def _targets(source: _Operation, status: str, every: list[_Operation]) -> Iterator[_Operation]:
    made_at = _ELSEWHERE.get((source.name, status), source.path)
    for target in every:
        if source.method == "POST":
            is_of_it = target.path.startswith(f"{made_at}/{{") and len(_unknown(source, target)) == 1
        else:
            is_of_it = target.path == source.path and target.name != source.name
        if is_of_it:
            yield target


def _unknown(source: _Operation, target: _Operation) -> set[str]:
    """List what the path of the target names and that of the source does not."""
    known = {name for _, name in source.names("path")}
    return {name for _, name in target.names("path") if name not in known}


def _link(source: _Operation, target: _Operation) -> Mapping[str, Any]:
    unknown = _unknown(source, target)
    told = {
        f"path.{name}": f"$response.body#/{_TOLD_AS[name]}" if name in unknown else f"$request.path.{name}"
        for _, name in target.names("path")
    }
    etag = {"header.if-match": _ETAG} if _needs_its_etag(source, target) else {}
    return {"operationId": target.said["operationId"], "parameters": told | etag}


def _needs_its_etag(source: _Operation, target: _Operation) -> bool:
    """Whether a target needs the ETag that the source answers: the one of what it is itself asked at."""
    is_inside = target.path.count("/") > source.path.count("/") + (source.method == "POST")
    return ("header", "if-match") in target.names("header") and not is_inside
