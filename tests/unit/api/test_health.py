import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from app.api import health
from app.api.metrics import registry_of
from app.api.tally import Tally
from app.journal.append import FileJournal
from app.journal.lag import JournalLag
from tests.builders import event
from tests.fakes import AwayPool


async def sound() -> object:
    return True


async def down() -> object:
    return False


async def broken() -> object:
    raise ConnectionRefusedError


async def silent() -> object:
    return await asyncio.Event().wait()


@pytest.fixture
def api(tmp_path: Path) -> FastAPI:
    app = FastAPI()
    app.include_router(health.router)
    app.state.probes = {"postgres": sound, "valkey": sound}
    app.state.journal_lag = lag = JournalLag(tmp_path, AwayPool())  # type: ignore[arg-type] # all that is asked of a pool
    app.state.metrics = registry_of(Tally(), FileJournal(tmp_path), lag, {})
    return app


@pytest_asyncio.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://signpost") as opened:
        yield opened


async def test_a_process_that_answers_lives(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "ok"}


async def test_where_every_part_is_well_all_is_well(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")

    assert answer.json() == {"status": "ok", "parts": {"postgres": "ok", "valkey": "ok"}}


async def test_what_is_away_is_named_and_decisions_go_on(
    api: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PROBE_S", 0.01)
    api.state.probes = {"journal": down, "postgres": broken, "valkey": silent, "other": sound}

    answer = await client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "parts": {
            "journal": "down",
            "postgres": "down: ConnectionRefusedError",
            "valkey": "down: TimeoutError",
            "other": "ok",
        },
    }


async def test_metrics_are_text_for_prometheus(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "signpost_process_info" in answer.text


async def test_the_lag_is_of_the_moment_it_is_asked_for(client: httpx.AsyncClient, tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    await journal.append([event("page_viewed")])

    answer = await client.get("/metrics")
    journal.close()

    assert f'signpost_journal_lag_bytes{{pid="{os.getpid()}"}} {float(journal.bytes)}' in answer.text
