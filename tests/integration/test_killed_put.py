"""A service that is killed while it replaces a draft leaves the old one or the new one."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import asyncpg
import httpx

from app.embedded.place import Place
from app.embedded.process import find
from app.storage.postgres import dsn_of
from tests.integration.signpost import Service, descendants, serving
from tests.waiting import until

RULES = 3_000
# Whoever replaces a draft holds this lock on its site from before it reads until its end.
_IS_LOCKED = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = {0} AND granted)"
# A transaction that has begun to write into a table holds this lock on it until its end.
_IS_WRITING = """
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE relation = '{0}'::regclass AND mode = 'RowExclusiveLock' AND granted
    )
"""
# How far a PUT has come, by the question that tells so.
MOMENTS = {
    "before it writes": _IS_LOCKED.format(int.from_bytes(b"drft")),
    "while it writes the draft": _IS_WRITING.format("drafts"),
    "while it writes the audit": _IS_WRITING.format("audit"),
    "when it has committed": "SELECT EXISTS (SELECT FROM drafts WHERE document ->> 'note' = 'new')",
}
LAST = [*MOMENTS][-1]
Victims: TypeAlias = Callable[[Service], list[int]]
KEYS = [f"r{number}" for number in range(RULES)]


def site(note: str) -> dict[str, Any]:
    """Thousands of rules which all say something else than those of another site."""
    rule = {"placements": ["p"], "deliver": {"variant": "v"}, "note": note}
    return {"rules": [{"key": key, **rule} for key in KEYS]}


OLD, NEW = site("old"), site("new")


def everything(service: Service) -> list[int]:
    return service.processes()


def the_program(service: Service) -> list[int]:
    return descendants(service.process.pid)


def the_database(service: Service) -> list[int]:
    return find(Place(service.data_dir.resolve()).postgres)


# The program alone leaves the database a transaction that nobody ends; it stops the database then.
VICTIMS = (the_program, everything, the_program, everything)
FATES: list[tuple[str, Victims]] = [*zip(MOMENTS, VICTIMS, strict=True)]


def client(service: Service) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {service.keys['secret_key']}", "If-Match": "*"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}/api/v1", headers=headers, timeout=60)


class Killed(NamedTuple):
    """A PUT whose service was killed on the way: what it has to have stored, and the audit before it."""

    must_be_stored: bool
    newest_entry: int


async def put(service: Service, document: Any) -> None:
    async with client(service) as asking:
        assert (await asking.put("/config", json=document)).status_code == 200


async def newest_entry(service: Service) -> int:
    async with client(service) as asking:
        return int((await asking.get("/audit", params={"limit": 1})).json()["items"][0]["id"])


async def killed(service: Service, moment: str, victims: Victims) -> Killed:
    """Replace the old document by the new one, and kill as soon as that has come so far."""
    await put(service, OLD)
    entry, pids = await newest_entry(service), victims(service)
    connection = await asyncpg.connect(dsn_of(service.database_url))

    async def has_come() -> bool:
        return bool(await connection.fetchval(MOMENTS[moment]))

    async with client(service) as asking:
        putting = asyncio.create_task(asking.put("/config", json=NEW))
        await until(has_come)
        for pid in pids:
            # A session of the database may have ended by itself.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        (answer,) = await asyncio.gather(putting, return_exceptions=True)
    connection.terminate()
    done = isinstance(answer, httpx.Response) and answer.is_success
    return Killed(done or moment == LAST, entry)


async def check(service: Service, before: Killed) -> None:
    """See that the draft is whole, that the audit tells all that has come of it and no more."""
    async with client(service) as asking:
        draft = (await asking.get("/config")).raise_for_status().json()
        audit = await asking.get("/audit", params={"format": "ndjson"})
    entries = [json.loads(line) for line in audit.text.splitlines()]
    told = [entry["after"] for entry in entries if entry["id"] > before.newest_entry]
    is_new = draft == NEW
    assert is_new or draft == OLD
    assert is_new or not before.must_be_stored
    # As a set, and not by `==` of two long lists, which takes minutes to tell apart.
    assert {rule["key"] for rule in told if rule["note"] == "new"} == ({*KEYS} if is_new else set())
    assert len(told) == (RULES if is_new else 0)


async def test_nothing_is_half_written_whenever_it_is_killed(tmp_path: Path) -> None:
    before = None
    for fate in (*FATES, None):
        with serving(tmp_path / "data") as service:
            if before is not None:
                await check(service, before)
            if fate is not None:
                ours = service.processes()
                before = await killed(service, *fate)
                await asyncio.to_thread(service.process.wait)
                await asyncio.to_thread(service.wait_until_nothing_is_left, ours)


async def test_nothing_is_half_written_whenever_its_database_dies(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        for moment in ("while it writes the audit", LAST):
            before = await killed(service, moment, the_database)
            await until(lambda: is_back(service))
            await check(service, before)


async def is_back(service: Service) -> bool:
    async with client(service) as asking:
        return (await asking.get("/holdout")).is_success
