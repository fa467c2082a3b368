"""A service that is killed while it replaces a draft leaves the old one or the new one."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from app.storage.postgres import dsn_of
from tests.integration.signpost import Service, serving
from tests.waiting import until

RULES = 10_000
# A transaction that has begun to write into a table holds this lock on it until its end.
_IS_WRITING = """
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE relation = $1::regclass AND mode = 'RowExclusiveLock' AND granted
    )
"""


def site(note: str) -> dict[str, Any]:
    """Ten thousand rules which all say something else than those of another site."""
    rule = {"placements": ["p"], "deliver": {"variant": "v"}, "note": note}
    return {"rules": [{"key": f"r{number}", **rule} for number in range(RULES)]}


def client(service: Service) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {service.keys['secret_key']}", "If-Match": "*"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}/api/v1", headers=headers, timeout=60)


async def killed_while_writing(service: Service, table: str, document: Any) -> None:
    """Put a document, and kill everything of ours as soon as it writes into a table."""
    connection = await asyncpg.connect(dsn_of(service.database_url))
    ours = service.processes()

    async def is_writing() -> bool:
        return bool(await connection.fetchval(_IS_WRITING, table))

    async with client(service) as asking:
        put = asyncio.create_task(asking.put("/config", json=document))
        await until(is_writing)
        for pid in ours:
            os.kill(pid, signal.SIGKILL)
        await asyncio.gather(put, return_exceptions=True)
    await asyncio.to_thread(service.process.wait)
    connection.terminate()
    await asyncio.to_thread(service.wait_until_nothing_is_left, ours)


@pytest.mark.parametrize("table", ["drafts", "audit"])
async def test_nothing_is_half_written_whenever_it_is_killed(tmp_path: Path, table: str) -> None:
    old, new = site("old"), site("new")
    with serving(tmp_path / "data") as service:
        async with client(service) as asking:
            assert (await asking.put("/config", json=old)).status_code == 200
        await killed_while_writing(service, table, new)

    with serving(tmp_path / "data") as service:
        async with client(service) as asking:
            assert (await asking.get("/config")).json() in (old, new)
            assert (await asking.put("/config", json=new)).status_code == 200
            assert (await asking.get("/config")).json() == new
