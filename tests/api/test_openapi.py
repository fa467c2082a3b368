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
