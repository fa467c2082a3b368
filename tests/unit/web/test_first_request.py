"""Whoever comes first finds everything ready."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from httpx import ASGITransport, AsyncClient

from app.web.first_request import ask_first


def api() -> FastAPI:
    inner, outer, made = APIRouter(prefix="/inner"), APIRouter(prefix="/outer"), FastAPI()

    @inner.get("/{number}")
    async def double(number: int) -> int:
        return 2 * number

    outer.include_router(inner)
    made.include_router(outer)

    @made.middleware("http")
    async def reading(request: Request, answer: Any) -> Any:
        await request.body()
        return await answer(request)

    return made


@contextmanager
def called() -> Iterator[set[str]]:
    """Note the names of all functions that are called meanwhile."""
    names: set[str] = set()

    def note(frame: FrameType, *_: object) -> None:
        names.add(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        yield names
    finally:
        sys.setprofile(None)


async def asked(app: FastAPI) -> set[str]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://service") as client:
        with called() as names:
            answer = await client.get("/outer/inner/4")
    assert answer.json() == 8
    return names


async def test_routes_are_ready_before_anybody_asks() -> None:
    app = api()

    await ask_first(app)

    assert "analyze_param" not in await asked(app)


async def test_else_whoever_comes_first_waits_for_them() -> None:
    assert "analyze_param" in await asked(api())
