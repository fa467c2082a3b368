import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.types import Message, Receive, Scope, Send

from app.embedded.servers import Servers
from app.storage.postgres import Postgres
from app.web.problem_handlers import install_problem_handlers
from app.web.problems import ConflictError
from app.web.session import Session
from tests.databases import new_database
from tests.waiting import until

TABLES = """
CREATE TABLE notes (text text);
CREATE TABLE authors (id int PRIMARY KEY);
CREATE TABLE books (author int REFERENCES authors DEFERRABLE INITIALLY DEFERRED);
"""


def library() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/notes", status_code=201)
    async def note(session: Session) -> None:
        await session.execute(text("INSERT INTO notes VALUES ('kept')"))

    @app.post("/regrets")
    async def regret(session: Session) -> None:
        await session.execute(text("INSERT INTO notes VALUES ('regretted')"))
        raise ConflictError("better not")

    @app.post("/books", status_code=201)
    async def book_of_nobody(session: Session) -> None:
        await session.execute(text("INSERT INTO books VALUES (1)"))

    @app.post("/mistakes")
    async def mistake(session: Session) -> None:
        await session.execute(text("INSERT INTO nowhere VALUES (1)"))

    @app.post("/breaks")
    async def broken_off(session: Session) -> None:
        await session.execute(text("INSERT INTO notes VALUES ('broken off')"))
        await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    return app


@pytest_asyncio.fixture(scope="module")
async def own_database(servers: Servers) -> AsyncIterator[Postgres]:
    async with new_database(servers.database_url) as database_url:
        opened = await Postgres.open(database_url)
        await opened.pool.execute(TABLES)
        yield opened
        await opened.close()


@pytest_asyncio.fixture
async def postgres(own_database: Postgres) -> Postgres:
    """Give a database without any note."""
    await own_database.pool.execute("DELETE FROM notes")
    return own_database


def client_of(postgres: Postgres) -> AsyncClient:
    app = library()
    app.state.postgres = postgres
    return AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://library")


async def notes(postgres: Postgres) -> list[str]:
    return [row["text"] for row in await postgres.pool.fetch("SELECT text FROM notes")]


async def test_what_a_route_wrote_is_committed_when_it_returns(postgres: Postgres) -> None:
    assert (await client_of(postgres).post("/notes")).status_code == 201
    assert await notes(postgres) == ["kept"]


async def test_it_is_committed_before_the_answer_leaves(postgres: Postgres) -> None:
    app = library()
    app.state.postgres = postgres
    stored_when_answered = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                stored_when_answered.append(await notes(postgres))
            await send(message)

        await app(scope, receive, watch)

    await AsyncClient(transport=ASGITransport(watched), base_url="http://library").post("/notes")
    assert stored_when_answered == [["kept"]]


async def test_a_route_that_raises_wrote_nothing(postgres: Postgres) -> None:
    assert (await client_of(postgres).post("/regrets")).status_code == 409
    assert await notes(postgres) == []


async def test_a_commit_that_fails_is_no_success(postgres: Postgres) -> None:
    assert (await client_of(postgres).post("/books")).status_code == 500
    assert await postgres.pool.fetchval("SELECT count(*) FROM books") == 0


async def test_a_mistake_of_ours_is_not_blamed_on_the_database(postgres: Postgres) -> None:
    assert (await client_of(postgres).post("/mistakes")).status_code == 500


async def test_a_connection_that_breaks_is_said_and_the_next_request_has_another(postgres: Postgres) -> None:
    client = client_of(postgres)
    response = await client.post("/breaks")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert (await client.post("/notes")).status_code == 201
    assert await notes(postgres) == ["kept"]


async def test_connections_that_postgresql_has_closed_meanwhile_are_noticed_by_nobody(
    postgres: Postgres,
) -> None:
    async with postgres.engine.connect() as one, postgres.engine.connect() as other:
        lent: list[Any] = [(await each.get_raw_connection()).driver_connection for each in (one, other)]
    pids = [each.get_server_pid() for each in lent]
    await postgres.pool.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", pids)

    async def are_closed() -> bool:
        return all(each.is_closed() for each in lent)

    await until(are_closed)
    client = client_of(postgres)
    answers = await asyncio.gather(client.post("/notes"), client.post("/notes"))
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_a_database_that_is_away_is_said(postgres: Postgres) -> None:
    nowhere = create_async_engine("postgresql+asyncpg://postgres@/postgres?host=/nowhere")
    response = await client_of(Postgres(nowhere, postgres.pool)).post("/notes")
    assert response.status_code == 503
    assert response.json()["detail"] == "the database cannot be reached just now"


async def test_a_pool_without_a_free_connection_is_said(postgres: Postgres) -> None:
    narrow = create_async_engine(postgres.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    async with narrow.connect():
        response = await client_of(Postgres(narrow, postgres.pool)).post("/notes")
    await narrow.dispose()
    assert response.status_code == 503


async def test_a_server_without_a_free_connection_is_said(postgres: Postgres, servers: Servers) -> None:
    await postgres.pool.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    crowded = create_async_engine(make_url(servers.database_url).set(username="crowd"))
    response = await client_of(Postgres(crowded, postgres.pool)).post("/notes")
    await crowded.dispose()
    await postgres.pool.execute("DROP ROLE crowd")
    assert response.status_code == 503
    assert response.json()["detail"] == "the database takes no more connections just now"
