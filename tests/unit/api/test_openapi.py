from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, FastAPI

from app.api.openapi import describe


@pytest.fixture
def document() -> dict[str, Any]:
    api = FastAPI()
    describe(api)
    return api.openapi()


@pytest.mark.parametrize(
    ("path", "status", "body"), [("/decide", "200", "DecideBody"), ("/events", "202", "EventsBody")]
)
def test_the_public_routes_are_in_the_document(
    document: dict[str, Any], path: str, status: str, body: str
) -> None:
    route = document["paths"][path]["post"]

    assert status in route["responses"]
    for media in ("application/json", "text/plain"):
        schema = route["requestBody"]["content"][media]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{body}"}


def test_every_refusal_is_in_the_document(document: dict[str, Any]) -> None:
    assert set(document["paths"]["/decide"]["post"]["responses"]) >= {
        "400",
        "401",
        "403",
        "413",
        "415",
        "422",
        "429",
    }
    assert "503" in document["paths"]["/events"]["post"]["responses"]


def test_limits_are_in_the_document(document: dict[str, Any]) -> None:
    placements = document["components"]["schemas"]["DecideBody"]["properties"]["placements"]

    assert (placements["minItems"], placements["maxItems"]) == (1, 50)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references_in(document)) <= known


def references_in(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references_in(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if "$ref" in value else []
    return own + [found for item in value.values() for found in references_in(item)]


def test_examples_of_routes_keep_their_nulls() -> None:
    told: dict[str, Any] = {"at": None, "inside": [{"of": None}]}
    router, api = APIRouter(), FastAPI()

    @router.post("/both", responses={200: {"content": {"application/json": {"example": told}}}})
    def both(_body: Annotated[dict[str, Any], Body(openapi_examples={"one": {"value": told}})]) -> None: ...

    extra = {"requestBody": {"content": {"application/x": {"examples": {"one": {"value": told}}}}}}

    @router.put("/extra", openapi_extra=extra)
    def added() -> None: ...

    @router.get("/hidden", include_in_schema=False)
    def hidden() -> None: ...

    api.include_router(router, prefix="/in")
    describe(api)
    paths = api.openapi()["paths"]

    post, put = paths["/in/both"]["post"], paths["/in/extra"]["put"]
    assert post["responses"]["200"]["content"]["application/json"]["example"] == told
    assert post["requestBody"]["content"]["application/json"]["examples"]["one"]["value"] == told
    assert put["requestBody"]["content"]["application/x"]["examples"]["one"]["value"] == told
    assert "/in/hidden" not in paths


def test_the_document_is_made_once() -> None:
    api = FastAPI()
    describe(api)

    assert api.openapi() is api.openapi()
