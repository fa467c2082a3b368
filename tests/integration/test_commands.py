"""The commands of `signpost` that end by themselves."""

import json
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.embedded.servers import Servers
from app.main import openapi_document
from app.storage.postgres import dsn_of
from tests.databases import new_database
from tests.integration.signpost import signpost

NOWHERE = {"DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1:1/x", "REDIS_URL": "unix:///nowhere"}


def test_openapi_prints_the_document(tmp_path: Path) -> None:
    ended = signpost("openapi", data_dir=tmp_path / "data")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == openapi_document()
    assert not (tmp_path / "data").exists()


async def test_migrate_makes_the_tables_and_a_second_time_changes_nothing(
    servers: Servers, tmp_path: Path
) -> None:
    async with new_database(servers.database_url) as database_url:
        said = {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url}

        ended = [signpost("migrate", data_dir=tmp_path, **said).returncode for _ in range(2)]

        connection = await asyncpg.connect(dsn_of(database_url))
        tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tablename = 'revisions'")
        await connection.close()
    assert (ended, tables) == ([0, 0], 1)


@pytest.mark.parametrize("arguments", [["migrate"], ["serve"], ["site", "create", "shop"]])
async def test_tables_of_a_newer_version_are_told_in_one_line(
    servers: Servers, tmp_path: Path, arguments: list[str]
) -> None:
    async with new_database(servers.database_url) as database_url:
        connection = await asyncpg.connect(dsn_of(database_url))
        await connection.execute("CREATE TABLE alembic_version AS SELECT '9999' AS version_num")
        await connection.close()
        said = {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url, "PORT": "0"}

        ended = signpost(*arguments, data_dir=tmp_path, **said)

    assert ended.returncode == 1
    line = ended.stderr.splitlines()[-1]
    assert line.startswith("signpost: the tables in PostgreSQL are those of a newer version of Signpost: ")
    assert "9999" in line
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [["migrate"], ["ship"], ["serve"], ["site", "create", "shop"]])
def test_a_database_that_is_away_is_told_in_one_line(tmp_path: Path, arguments: list[str]) -> None:
    ended = signpost(*arguments, data_dir=tmp_path / "data", **NOWHERE)

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("signpost: PostgreSQL (SIGNPOST_DATABASE_URL): ")
    assert "Connect call failed ('127.0.0.1', 1)" in line


@pytest.mark.parametrize("arguments", [["migrate"], ["ship"]])
@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql", "postgres"])
def test_a_database_that_lets_nobody_in_is_told_in_one_line(
    servers: Servers, tmp_path: Path, arguments: list[str], scheme: str
) -> None:
    url = make_url(servers.database_url).set(drivername=scheme, database="nowhere")
    said = {"DATABASE_URL": url.render_as_string(hide_password=False), "REDIS_URL": servers.redis_url}

    ended = signpost(*arguments, data_dir=tmp_path / "data", **said)

    assert (ended.returncode, ended.stderr) == (
        1,
        'signpost: PostgreSQL (SIGNPOST_DATABASE_URL): database "nowhere" does not exist\n',
    )


@pytest.mark.parametrize("url", ["postgresql://u:p@127.0.0.1:99999/x", "postgresql://u:p@a..b/x"])
def test_an_address_that_nothing_can_have_is_told_in_one_line(tmp_path: Path, url: str) -> None:
    ended = signpost("migrate", data_dir=tmp_path / "data", **NOWHERE | {"DATABASE_URL": url})

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("signpost: PostgreSQL (SIGNPOST_DATABASE_URL): ")


async def test_what_sqlalchemy_says_of_it_is_told_in_one_line(servers: Servers, tmp_path: Path) -> None:
    async with new_database(servers.database_url) as database_url:
        connection = await asyncpg.connect(dsn_of(database_url))
        await connection.execute("CREATE TABLE sites ()")
        await connection.close()

        said = {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url}
        ended = signpost("migrate", data_dir=tmp_path, **said)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith('(SIGNPOST_DATABASE_URL): relation "sites" already exists')


def test_a_setting_that_makes_no_sense_is_told_by_its_name(tmp_path: Path) -> None:
    ended = signpost("serve", data_dir=tmp_path, WORKERS="0", PORT="http")

    assert ended.returncode == 2
    assert [line.split(": ")[1] for line in ended.stderr.splitlines()] == [
        "SIGNPOST_PORT",
        "SIGNPOST_WORKERS",
    ]


def test_a_service_at_an_address_of_version_6_is_asked_there(tmp_path: Path) -> None:
    ended = signpost("config", "pull", "-", data_dir=tmp_path, HOST="::1", PORT="1", ADMIN_KEY="sk_12345678")

    assert ended.returncode == 2
    assert ended.stderr.startswith("signpost: http://[::1]:1 cannot be asked: ")


@pytest.mark.parametrize("key", ["", "shop de", "$shop", "x" * 129])
def test_a_site_needs_a_plain_name(servers: Servers, tmp_path: Path, key: str) -> None:
    said = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}

    ended = signpost("site", "create", key, data_dir=tmp_path, **said)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "is no key" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [[], ["dance"], ["site"], ["site", "create"]])
def test_a_command_that_is_none_is_told(tmp_path: Path, arguments: list[str]) -> None:
    ended = signpost(*arguments, data_dir=tmp_path)

    assert ended.returncode == 2
    assert ended.stderr.startswith("usage: signpost")
