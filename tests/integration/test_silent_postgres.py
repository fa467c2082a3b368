"""What a PostgreSQL that says nothing any more keeps this process from: nothing that it does without it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.admin.revisions import timetable
from app.admin.revisions.timetable import Timetable
from app.admin.runs import starter
from app.admin.runs.starter import Starter
from app.admin.webhooks import sender
from app.admin.webhooks.post import Post
from app.admin.webhooks.reach import Reach
from app.admin.webhooks.sender import Sender
from app.embedded.servers import Servers
from app.kit.tasks import background
from app.reporting import reporter
from app.reporting.queries import lent
from app.reporting.reporter import Reporter
from app.rulesets import refresh as refreshing
from app.rulesets.refresh import Refresh
from app.storage import postgres as storage
from app.storage import retention
from app.storage.postgres import Postgres
from app.storage.retention import Keeper
from app.web.problem_handlers import install_problem_handlers
from app.web.session import Session
from tests.hushed_postgres import HushedPostgres
from tests.silent_postgres import SilentPostgres
from tests.waiting import until


@pytest_asyncio.fixture
async def silent() -> AsyncIterator[SilentPostgres]:
    server = SilentPostgres()
    async with server.running():
        yield server


async def opened(silent: SilentPostgres, *, statement_s: float | None = None) -> Postgres:
    url = silent.address.replace("postgresql", "postgresql+asyncpg")
    return await Postgres.open(url, statement_s=statement_s)


@pytest_asyncio.fixture
async def hushed(servers: Servers, postgres: Postgres) -> AsyncIterator[HushedPostgres]:  # noqa: ARG001 - it has the tables
    way = HushedPostgres(servers.database_url)
    async with way.running():
        yield way


@pytest_asyncio.fixture
async def reached(hushed: HushedPostgres) -> AsyncIterator[Postgres]:
    """PostgreSQL, as it is reached on the way that can be hushed."""
    through = await Postgres.open(hushed.database_url, statement_s=1.0)
    yield through
    await through.close()


async def test_it_is_closed_all_the_same(silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "CLOSE_S", 0.05)
    postgres = await opened(silent)

    await postgres.close()

    assert postgres.pool.is_closing()
    assert postgres.pool.get_size() == 0


async def test_a_refresh_that_is_not_answered_has_failed_and_the_next_asks_on_a_fresh_connection(
    silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "CLOSE_S", 0.05)
    postgres = await opened(silent, statement_s=0.05)

    async def reload() -> None:
        async with postgres.pool.acquire() as connection, connection.transaction():
            await connection.fetch("SELECT 1")

    refresh = Refresh("postgresql://u:p@127.0.0.1:1/x", reload, poll_s=0.01)

    async def has_failed_twice() -> bool:
        return refresh.failures >= 2

    async with background(refresh.run()):
        await until(has_failed_twice)
    await postgres.close()

    assert silent.let_in >= 2


async def test_where_nobody_says_that_it_is_listened_to_polling_goes_on(
    silent: SilentPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "LISTEN_S", 0.05)
    reloaded = asyncio.Event()

    async def reload() -> None:
        reloaded.set()

    async with background(Refresh(silent.address, reload, poll_s=0.01).run()):
        await reloaded.wait()


async def test_an_admin_request_says_that_it_is_away_and_the_next_one_asks_whoever_answers(
    hushed: HushedPostgres, reached: Postgres
) -> None:
    app = FastAPI()
    app.state.postgres = reached
    install_problem_handlers(app)

    @app.get("/one")
    async def one(session: Session) -> int:
        return int((await session.execute(text("SELECT 1"))).scalar_one())

    async with AsyncClient(transport=ASGITransport(app), base_url="http://admin") as client:
        # Two connections, so that one is in the pool that nobody has found silent.
        both = await asyncio.gather(client.get("/one"), client.get("/one"))
        assert [each.json() for each in both] == [1, 1]
        hushed.hush()
        answer = await client.get("/one")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        hushed.replace()
        assert (await client.get("/one")).json() == 1


def is_watched(port: int) -> bool:
    """Whether the kernel, as it says itself, asks on each connection to a port if anybody is there."""
    told = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established, alive = "01", "02"
    ours = [each for each in told if each[2].endswith(f":{port:04X}") and each[3] == established]
    return len(ours) == 3 and all(each[5].startswith(f"{alive}:") for each in ours)


async def test_the_kernel_asks_who_only_waits_for_an_answer_whether_anybody_is_there(
    hushed: HushedPostgres, reached: Postgres
) -> None:
    async def reload() -> None:
        pass

    async def are_watched() -> bool:
        # Of the pool, of SQLAlchemy, and of whoever listens.
        return hushed.asked > asked and is_watched(make_url(hushed.database_url).port or 0)

    async with reached.engine.connect():
        asked = hushed.asked
        async with background(Refresh(storage.dsn_of(hushed.database_url), reload, poll_s=60.0).run()):
            await until(are_watched)


async def test_what_is_lent_to_a_question_is_not_lent_again(
    hushed: HushedPostgres, reached: Postgres
) -> None:
    async def ask(*, hush: bool = False) -> int:
        async with lent(reached) as connection:
            if hush:
                hushed.hush()
            return int(await connection.fetchval("SELECT 1"))

    assert await ask() == 1
    with pytest.raises(ConnectionError):
        await ask(hush=True)
    hushed.replace()
    assert await ask() == 1


async def test_who_hears_nothing_any_more_listens_anew(
    hushed: HushedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "LISTEN_S", 1.0)

    async def reload() -> None:
        pass

    async def is_asked() -> bool:
        return hushed.asked > 0

    address = storage.dsn_of(hushed.database_url)
    async with background(Refresh(address, reload, poll_s=0.01).run()):
        await until(is_asked)
        hushed.hush()
        hushed.replace()
        await until(is_asked)


Work: TypeAlias = Callable[[Postgres, Path], Coroutine[Any, Any, None]]


async def _send(postgres: Postgres, _folder: Path) -> None:
    async with Post(Reach(())) as post:
        await Sender(postgres.pool, post).run()


WORK: dict[str, Work] = {
    "the keeper": lambda postgres, _: Keeper(postgres.pool).run(),
    "the reporter": lambda postgres, _: Reporter(postgres.pool).run(),
    "the sender": _send,
    "the starter": lambda postgres, folder: Starter(postgres.pool, "", folder / "lock", poll_s=0.01).run(),
    "the timetable": lambda postgres, _: Timetable(postgres.engine).run(),
}


@pytest.mark.parametrize("name", WORK)
async def test_what_works_beside_goes_on_with_whoever_answers(
    name: str, hushed: HushedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "STATEMENT_S", 1.0)
    for module in (reporter, retention, sender, starter, timetable):
        monkeypatch.setattr(module, "RETRY_S", 0.01)
    monkeypatch.setattr(retention, "RUN_S", 0.01)
    monkeypatch.setattr(retention, "LONG_S", 1.0)
    reached = await Postgres.open(hushed.database_url)
    asked = hushed.asked

    async def is_at_work() -> bool:
        return hushed.asked > asked

    async with background(WORK[name](reached, tmp_path)):
        await until(is_at_work)
        hushed.hush()
        hushed.replace()
        asked = 0
        await until(is_at_work)
    await reached.close()
