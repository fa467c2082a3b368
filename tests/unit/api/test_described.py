"""The OpenAPI document, made in a process of its own."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api.described import Described, router

APPENDS = """
import sys
with open(sys.argv[1], "a+") as file:
    file.write("made\\n")
    file.seek(0)
    sys.stdout.write(file.read())
    sys.exit(len(sys.argv) > 2 and file.tell() < 10)
"""


async def test_many_who_ask_at_once_are_answered_what_was_made_once(tmp_path: Path) -> None:
    described = Described(sys.executable, "-c", APPENDS, str(tmp_path / "made"))

    assert await asyncio.gather(*(described.document() for _ in range(3))) == [b"made\n"] * 3


async def test_what_could_not_be_made_is_made_for_the_next(tmp_path: Path) -> None:
    described = Described(sys.executable, "-c", APPENDS, str(tmp_path / "made"), "fails at first")
    with pytest.raises(ChildProcessError, match="ended with 1"):
        await described.document()

    assert await described.document() == b"made\nmade\n"


async def test_who_asks_no_more_leaves_no_process_behind(tmp_path: Path) -> None:
    hangs = f"import time; open({str(tmp_path / 'begun')!r}, 'w').close(); time.sleep(600)"
    asking = asyncio.create_task(Described(sys.executable, "-c", hangs).document())
    while not (tmp_path / "begun").exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_service_answers_it() -> None:
    api = FastAPI(openapi_url=None)
    api.include_router(router)
    api.state.described = Described(sys.executable, "-c", "print('{}')")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://signpost") as client:
        answer = await client.get("/openapi.json")

    assert (answer.headers["content-type"], answer.json()) == ("application/json", {})
