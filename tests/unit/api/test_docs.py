"""The page of the API, which asks nobody but its own service."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.docs import router


@pytest.fixture
def client() -> Iterator[TestClient]:
    api = FastAPI(docs_url=None)
    api.include_router(router)
    with TestClient(api) as client:
        yield client


def test_the_page_and_all_that_it_loads_are_answered(client: TestClient) -> None:
    page = client.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    parts = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert parts
    for part in parts:
        assert client.get(f"/{part}").status_code == 200


def test_every_module_that_is_imported_is_answered_as_one(client: TestClient) -> None:
    imported = re.findall(r'from "\./([^"]+)"', client.get("/docs/page.js").text)

    assert imported
    for name in imported:
        assert client.get(f"/docs/{name}").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/docs", "/docs/page.js", "/docs/page.css"])
def test_nothing_is_loaded_from_anywhere_else(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert not re.search(r"https?://", answer.text)


@pytest.mark.parametrize("path", ["/docs/none.js", "/docs/docs.py", "/docs/..%2Fdocs.py"])
def test_nothing_else_is_answered(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
