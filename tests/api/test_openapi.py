"""The one document that describes every route, as it is committed."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from app.api.examples import EXAMPLES
from app.main import openapi_document

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


@cache
def described() -> dict[str, Any]:
    """Make the document once: to build every route takes a while."""
    return openapi_document()


def test_the_committed_document_is_the_one_that_the_program_makes() -> None:
    told = "run `.venv/bin/signpost openapi > docs/openapi.json`"

    assert json.loads(COMMITTED.read_text()) == described(), told


@pytest.mark.parametrize(
    "path", ["/decide", "/events", "/livez", "/readyz", "/metrics", "/api/v1/config", "/api/v1/revisions"]
)
def test_every_edge_is_in_the_document(path: str) -> None:
    assert path in described()["paths"]


def operations() -> list[Any]:
    document = described()
    return [
        pytest.param(document, operation, id=f"{method} {path}")
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("placements", "Placement"),
        ("placements/{placement}/variants", "Variant"),
        ("segments", "Segment"),
        ("journeys", "Journey"),
        ("metrics", "Metric"),
        ("exclusion_groups", "ExclusionGroup"),
        ("experiments", "Experiment"),
        ("rules", "Rule"),
    ],
)
def test_every_kind_of_resource_has_its_own_schema(path: str, name: str) -> None:
    document = described()
    every, one = document["paths"][f"/api/v1/{path}"], document["paths"][f"/api/v1/{path}/{{key}}"]
    assert {*every} == {"get", "post"}
    assert {*one} == {"get", "put", "patch", "delete"}
    taken = [
        each["requestBody"]["content"]["application/json"]["schema"] for each in (every["post"], one["put"])
    ]
    answered = [
        each["responses"]["200"]["content"]["application/json"]["schema"]
        for each in (one["get"], one["put"], one["patch"])
    ]
    ref = "#/components/schemas"
    assert [*taken, *answered] == [
        {"$ref": f"{ref}/New{name}"},
        {"$ref": f"{ref}/Put{name}"},
        *[{"$ref": f"{ref}/{name}"}] * 3,
    ]
    assert document["components"]["schemas"][f"New{name}"]["properties"].keys() == (
        document["components"]["schemas"][name]["properties"].keys()
    )
    for kind in ("application/merge-patch+json", "application/json"):
        patch = one["patch"]["requestBody"]["content"][kind]
        assert patch["schema"] == {"$ref": f"{ref}/{name}Patch"}
        assert patch["examples"]
    assert document["components"]["schemas"][f"{name}Patch"]["additionalProperties"] is False


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def json_contents(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [content for media, content in told.get("content", {}).items() if media == "application/json"]


def examples_in(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    """List the examples of a body or an answer, be they beside its schema or inside of it."""
    named = [example["value"] for example in content.get("examples", {}).values()]
    own = [content["example"]] if "example" in content else []
    return named or own or resolved(document, content.get("schema", {})).get("examples", [])


@pytest.mark.parametrize(("document", "operation"), operations())
def test_every_operation_says_what_it_is_for_and_who_uses_it(
    document: dict[str, Any], operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    grouped = [tag for group in document["x-tagGroups"] for tag in group["tags"]]
    described = [tag["name"] for tag in document["tags"] if tag["description"]]

    assert set(operation["tags"]) <= set(grouped)
    assert sorted(grouped) == sorted(described)


@pytest.mark.parametrize(("document", "operation"), operations())
def test_every_body_and_answer_has_an_example_that_is_as_its_schema_says(
    document: dict[str, Any], operation: dict[str, Any]
) -> None:
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    contents = [
        content for told in (operation.get("requestBody", {}), *answers) for content in json_contents(told)
    ]

    for content in contents:
        examples = examples_in(document, content)
        assert examples
        schema = {**content.get("schema", {}), "components": document["components"]}
        checked = jsonschema_rs.Draft202012Validator(schema)
        assert [str(error) for example in examples for error in checked.iter_errors(example)] == []


def test_every_refusal_is_a_problem() -> None:
    told = {
        media
        for methods in described()["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        for media in answer.get("content", ())
        if status.startswith("4")
    }

    assert told == {"application/problem+json"}


@pytest.mark.parametrize(("document", "operation"), operations())
def test_every_link_leads_to_an_operation_and_says_its_whole_path(
    document: dict[str, Any], operation: dict[str, Any]
) -> None:
    known = {
        said["operationId"]: path
        for path, methods in document["paths"].items()
        for said in methods.values()
        if "operationId" in said
    }

    for answer in operation["responses"].values():
        for link in answer.get("links", {}).values():
            named = {name[5:] for name in link["parameters"] if name.startswith("path.")}
            assert named == {*re.findall(r"\{(\w+)\}", known[link["operationId"]])}


def test_the_groups_are_those_who_use_the_operations() -> None:
    names = [group["name"] for group in described()["x-tagGroups"]]

    assert names == ["Websites", "Admins", "Experimenters", "Operators"]


def test_no_example_is_of_an_operation_that_is_gone() -> None:
    document = described()
    known = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}

    assert EXAMPLES.keys() <= known
