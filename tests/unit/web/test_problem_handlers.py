from typing import Annotated, Any

import pytest_asyncio
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from httpx import ASGITransport, AsyncClient, Response
from pydantic import BaseModel
from starlette.types import Message

from app.engine.problems import Problem, Problems
from app.web.problem_handlers import install_problem_handlers, pointer_of
from app.web.problems import ConflictError


class Bicycle(BaseModel):
    wheels: dict[str, int]


def shop() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/sold")
    async def sold() -> None:
        raise ConflictError("it is sold")

    @app.get("/draft")
    async def draft() -> None:
        raise Problems([Problem("/rules/0", "has no key"), Problem("/rules/1", "has no key")])

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "short and stout", {"X-Handle": "here"})

    @app.get("/bicycles")
    async def ridden() -> int:
        return 1

    @app.put("/bicycles")
    async def put(bicycle: Bicycle, count: Annotated[int, Query(ge=1)] = 1) -> int:
        return count * len(bicycle.wheels)

    router = APIRouter(prefix="/shelves")

    @router.get("/{shelf}")
    async def look(shelf: str) -> str:
        return shelf

    @router.post("/{shelf}")
    async def fill(shelf: str) -> str:
        return shelf

    app.include_router(router)
    return app


@pytest_asyncio.fixture
async def client() -> AsyncClient:
    return AsyncClient(transport=ASGITransport(shop(), raise_app_exceptions=False), base_url="http://shop")


def said(response: Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem of this status, and give what it says."""
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"]) == (status, status)
    return body


async def test_a_problem_that_a_route_raises_is_answered(client: AsyncClient) -> None:
    assert said(await client.get("/sold"), 409)["detail"] == "it is sold"


async def test_the_problems_of_a_document_are_all_answered(client: AsyncClient) -> None:
    assert said(await client.get("/draft"), 422)["errors"] == [
        {"pointer": "/rules/0", "message": "has no key"},
        {"pointer": "/rules/1", "message": "has no key"},
    ]


async def test_the_pointer_of_a_wrong_value_leads_into_the_body(client: AsyncClient) -> None:
    body = said(await client.put("/bicycles", json={"wheels": {"front/left": "round"}}), 422)
    (error,) = body["errors"]
    assert error["pointer"] == "/wheels/front~1left"
    assert "integer" in error["message"]


async def test_what_is_wrong_outside_the_body_is_named_too(client: AsyncClient) -> None:
    body = said(await client.put("/bicycles?count=0", json={"wheels": {}}), 422)
    assert body["errors"] == [{"pointer": "query:count", "message": "must be at least 1"}]


async def test_a_body_that_is_not_json_is_a_bad_request(client: AsyncClient) -> None:
    response = await client.put("/bicycles", content=b"{", headers={"Content-Type": "application/json"})
    assert said(response, 400)["detail"] == "the body is not JSON"


async def test_an_unknown_path_is_a_problem(client: AsyncClient) -> None:
    said(await client.get("/nowhere"), 404)


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: AsyncClient) -> None:
    response = await client.delete("/bicycles")
    said(response, 405)
    assert response.headers["allow"] == "GET, PUT"


async def test_a_wrong_method_is_told_those_of_every_route_at_its_path(client: AsyncClient) -> None:
    response = await client.delete("/shelves/first")
    said(response, 405)
    assert response.headers["allow"] == "GET, POST"


async def test_an_exception_of_the_framework_keeps_its_headers(client: AsyncClient) -> None:
    response = await client.get("/teapot")
    assert said(response, 418)["detail"] == "short and stout"
    assert response.headers["x-handle"] == "here"


async def test_what_nobody_foresaw_tells_nothing_of_the_inside(client: AsyncClient) -> None:
    body = said(await client.get("/broken"), 500)
    assert "Zero" not in str(body)


async def test_who_hangs_up_in_the_middle_of_a_body_is_no_failure() -> None:
    sent: dict[str, Any] = {"type": "http.request", "body": b"a", "more_body": True}
    messages = [sent, {"type": "http.disconnect"}]
    statuses: list[int] = []
    app = shop()

    @app.put("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    scope = {"type": "http", "method": "PUT", "path": "/read", "query_string": b"", "headers": []}
    await app(scope, receive, send)

    assert statuses == [400]


def test_the_whole_body_is_the_empty_pointer() -> None:
    assert pointer_of(("body",)) == ""
