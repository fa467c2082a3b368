"""The one document that describes every route, as it is committed."""

import json
from pathlib import Path

import pytest

from app.main import openapi_document

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_document_is_the_one_that_the_program_makes() -> None:
    told = "run `.venv/bin/signpost openapi > docs/openapi.json`"

    assert json.loads(COMMITTED.read_text()) == openapi_document(), told


@pytest.mark.parametrize(
    "path", ["/decide", "/events", "/livez", "/readyz", "/metrics", "/api/v1/config", "/api/v1/revisions"]
)
def test_every_edge_is_in_the_document(path: str) -> None:
    assert path in openapi_document()["paths"]


def test_every_route_says_what_it_is_for() -> None:
    routes = [
        route
        for methods in openapi_document()["paths"].values()
        for route in methods.values()
        if isinstance(route, dict)
    ]

    assert all(route["summary"] for route in routes)


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
    document = openapi_document()
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
