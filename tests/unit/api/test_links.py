from typing import Any

import pytest

from app.api.links import add_links

TAG = [{"in": "header", "name": "if-match"}]
CREATE, LIST = "POST /things", "GET /things"
GET, CHANGE, END, PARTS = (
    "GET /things/{key}",
    "PATCH /things/{key}",
    "DELETE /things/{key}",
    "GET /things/{key}/parts",
)


def operation(name: str, status: str, parameters: list[dict[str, str]]) -> dict[str, Any]:
    answer: dict[str, Any] = {} if status == "204" else {"content": {"application/json": {}}}
    return {"operationId": name, "parameters": parameters, "responses": {status: answer, "404": {}}}


def linked(*asked: tuple[str, str, list[dict[str, str]]]) -> dict[str, dict[str, Any]]:
    """Link operations of these names, statuses and parameters; answers the links of each."""
    paths: dict[str, dict[str, Any]] = {}
    for name, status, parameters in asked:
        method, path = name.split()
        keys = [{"in": "path", "name": part[1:-1]} for part in path.split("/") if part.startswith("{")]
        paths.setdefault(path, {})[method.lower()] = operation(name, status, [*keys, *parameters])
    add_links({"paths": paths})
    return {
        said["operationId"]: {
            target: link["parameters"]
            for answer in said["responses"].values()
            for target, link in answer.get("links", {}).items()
        }
        for methods in paths.values()
        for said in methods.values()
    }


@pytest.fixture
def things() -> dict[str, dict[str, Any]]:
    return linked(
        (CREATE, "201", []),
        (LIST, "200", []),
        (GET, "200", []),
        (CHANGE, "200", TAG),
        (END, "204", TAG),
        (PARTS, "200", []),
    )


def test_what_was_made_can_be_read_changed_ended_and_looked_into(things: dict[str, dict[str, Any]]) -> None:
    told = {"path.key": "$response.body#/key"}
    tag = {"header.if-match": "$response.header.ETag"}

    assert things[CREATE] == {GET: told, CHANGE: told | tag, END: told | tag, PARTS: told}


def test_what_was_read_can_be_changed_by_its_etag(things: dict[str, dict[str, Any]]) -> None:
    same = {"path.key": "$request.path.key", "header.if-match": "$response.header.ETag"}

    assert things[GET] == {CHANGE: same, END: same}


def test_what_answers_no_single_thing_links_nowhere(things: dict[str, dict[str, Any]]) -> None:
    assert things[LIST] == things[END] == things[PARTS] == {}


def test_the_etag_of_a_thing_is_not_that_of_what_lies_inside() -> None:
    inside = "PATCH /things/{key}/parts"

    links = linked((CREATE, "201", []), (inside, "200", TAG))

    assert links[CREATE] == {inside: {"path.key": "$response.body#/key"}}


def test_a_thing_inside_keeps_the_name_of_what_it_lies_in() -> None:
    make, read = "POST /placements/{placement}/variants", "GET /placements/{placement}/variants/{key}"

    links = linked((make, "201", []), (read, "200", []))

    told = {"path.placement": "$request.path.placement", "path.key": "$response.body#/key"}
    assert links[make] == {read: told}


def test_a_path_that_only_begins_alike_is_of_something_else() -> None:
    links = linked((CREATE, "201", []), ("GET /things/others/{key}", "200", []))

    assert links[CREATE] == {}


def test_what_is_asked_for_elsewhere_is_linked_too() -> None:
    read = "GET /api/v1/decisions/{decision_id}"

    links = linked(("POST /decide", "200", []), (read, "200", []))

    assert links["POST /decide"] == {read: {"path.decision_id": "$response.body#/decision_id"}}
