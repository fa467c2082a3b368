"""The page of the API, which asks nobody but its own service."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from app.api.docs import router


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    api = FastAPI(docs_url=None)
    api.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://signpost") as client:
        yield client


async def test_the_page_and_all_that_it_loads_are_answered(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    parts = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert parts
    for part in parts:
        assert (await client.get(f"/{part}")).status_code == 200


async def test_every_module_that_is_imported_is_answered_as_one(client: httpx.AsyncClient) -> None:
    imported = re.findall(r'from "\./([^"]+)"', (await client.get("/docs/page.js")).text)

    assert imported
    for name in imported:
        answer = await client.get(f"/docs/{name}")
        assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/docs", "/docs/page.js", "/docs/page.css"])
async def test_nothing_is_loaded_from_anywhere_else(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert not re.search(r"https?://", answer.text)


@pytest.mark.parametrize("path", ["/docs/none.js", "/docs/docs.py", "/docs/..%2Fdocs.py"])
async def test_nothing_else_is_answered(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
