"""The embedded servers start once, serve everybody, and go with the last one."""

import os
import shutil
import signal
from contextlib import ExitStack, closing
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.embedded.lease import is_held
from app.embedded.place import Place
from app.embedded.process import find, wait_until
from app.embedded.servers import start
from tests.integration.embedded_place import (
    DEADLINE_S,
    As,
    got,
    has_mark,
    leave,
    leave_mark,
    nothing_runs,
    open_files,
    postmaster,
    put,
    reapers,
    servers_of,
    sql,
    told_by,
    user_of,
)


def test_what_is_elsewhere_is_not_started(new_place: Place) -> None:
    elsewhere = "postgresql://db.example/signpost"
    with closing(start(new_place.root, database_url=elsewhere)) as servers:
        put(servers.redis_url, "key", "kept")
        assert servers.database_url == elsewhere
        assert not find(new_place.postgres)
        assert not new_place.postgres.data.exists()

    assert nothing_runs(new_place)
    with closing(start(new_place.root, redis_url="redis://cache.example")) as servers:
        assert servers.redis_url == "redis://cache.example"
        assert sql(servers.database_url, "SELECT 1") == "1"
        assert not find(new_place.valkey)

    with servers_of(new_place) as servers:
        assert got(servers.redis_url, "key") == b"kept"


async def test_the_urls_serve_asyncpg_sqlalchemy_and_redis(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")  # the URL must not depend on the environment
    with servers_of(place) as servers:
        engine = create_async_engine(servers.database_url)
        async with engine.connect() as through_sqlalchemy:
            assert await through_sqlalchemy.scalar(text("SELECT current_database()")) == "signpost"
        await engine.dispose()
        connection = await asyncpg.connect(dsn=servers.database_url.replace("+asyncpg", ""))
        assert await connection.fetchval("SELECT current_user") == "postgres"
        await connection.close()
        async with Redis.from_url(servers.redis_url) as client:
            assert await client.ping()


def test_the_servers_keep_every_commit_and_listen_on_no_port(place: Place) -> None:
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "jit": "off",
        "listen_addresses": "",
        "max_connections": "200",
    }
    with servers_of(place) as servers:
        for name, value in wanted.items():
            assert sql(servers.database_url, f"SHOW {name}") == value
        assert all(
            not file.startswith("socket") or listens_locally(file) for file in open_files(postmaster(place))
        )


def listens_locally(file: str) -> bool:
    inode = file.removeprefix("socket:[").removesuffix("]")
    return inode in Path("/proc/net/unix").read_text()


def test_the_next_start_finds_what_the_last_one_left(place: Place) -> None:
    with servers_of(place) as first:
        mark = leave_mark(first.database_url, first.redis_url)
    assert nothing_runs(place)
    with servers_of(place) as second:
        assert second == first
        assert has_mark(second.database_url, second.redis_url, mark)


def test_a_second_process_joins_the_servers_of_the_first(place: Place) -> None:
    with servers_of(place) as servers, user_of(place) as user:
        before = postmaster(place), find(place.valkey), reapers(place)
        assert told_by(user) == {"database_url": servers.database_url, "redis_url": servers.redis_url}
        assert (postmaster(place), find(place.valkey), reapers(place)) == before


def test_the_servers_stay_until_the_last_user_has_closed_them(place: Place) -> None:
    with user_of(place) as user:
        servers = start(place.root)
        told_by(user)
        servers.close()
        servers.close()
        assert is_held(place.lease)
        assert sql(servers.database_url, "SELECT 1") == "1"
        leave(user)

        assert nothing_runs(place)


def test_the_first_process_of_a_container_ends_after_the_servers(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = start(place.root)
    monkeypatch.setattr(os, "getpid", lambda: 1)

    servers.close()

    assert not is_held(place.reaper_lock)
    assert not find(place.postgres)
    assert not find(place.valkey)


def test_the_first_process_of_a_container_does_not_wait_for_ever_for_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.embedded.servers._STOP_S", 0.1)
    with user_of(place) as user:
        servers = start(place.root)
        told_by(user)
        with monkeypatch.context() as first:
            first.setattr(os, "getpid", lambda: 1)
            servers.close()

        assert sql(servers.database_url, "SELECT 1") == "1"


def test_a_database_that_was_dropped_is_made_again(place: Place) -> None:
    with servers_of(place) as servers:
        sql(servers.database_url.replace("/signpost", "/postgres"), "DROP DATABASE signpost")
        with servers_of(place):
            assert sql(servers.database_url, "SELECT current_database()") == "signpost"


def test_many_that_start_at_once_share_one_set_of_servers(new_place: Place) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(user_of(new_place)) for _ in range(4)]
        assert len({tuple(told_by(user).values()) for user in users}) == 1
        assert len(find(new_place.valkey)) == 1
        assert len(reapers(new_place)) == 1


def test_who_starts_while_the_last_servers_are_being_stopped_gets_new_ones(place: Place) -> None:
    marks: list[str] = []
    for _ in range(6):
        with servers_of(place) as servers:
            assert all(has_mark(servers.database_url, servers.redis_url, mark) for mark in marks)
            marks.append(leave_mark(servers.database_url, servers.redis_url))
            assert is_held(place.reaper_lock)


def test_a_killed_user_leaves_nothing_running(place: Place) -> None:
    with user_of(place) as user:
        told_by(user)
        user.kill()

        assert nothing_runs(place)


def test_a_killed_process_group_leaves_nothing_running(place: Place) -> None:
    with user_of(place) as user:
        told_by(user)
        os.killpg(user.pid, signal.SIGKILL)

        assert nothing_runs(place)


@pytest.mark.parametrize(
    "reached", ["lease", "postgres.new/PG_VERSION", "postgres/postmaster.pid", "valkey.alive"]
)
def test_who_is_killed_while_starting_leaves_nothing_running(new_place: Place, reached: str) -> None:
    with user_of(new_place) as user:
        assert wait_until((new_place.root / reached).exists, DEADLINE_S)
        user.kill()

        assert nothing_runs(new_place)
    with servers_of(new_place) as servers:
        assert sql(servers.database_url, "SELECT 1") == "1"


def test_a_deleted_folder_takes_its_servers_along(new_place: Place) -> None:
    with user_of(new_place) as user:
        told_by(user)
        shutil.rmtree(new_place.root)
        user.kill()

        assert nothing_runs(new_place)
        assert not new_place.root.exists()


def test_a_folder_made_anew_gets_servers_of_its_own(new_place: Place) -> None:
    with servers_of(new_place) as old:
        sql(old.database_url, "CREATE TABLE old AS SELECT 1")
        shutil.rmtree(new_place.root)
        with servers_of(new_place) as new:
            old.close()
            assert sql(new.database_url, "SELECT to_regclass('old') IS NULL") == "t"


def test_reaper_and_servers_hold_nothing_of_the_process_that_started_them(place: Place) -> None:
    leak = os.memfd_create("leak")
    with user_of(place, As(inherited=[leak])) as user:
        os.close(leak)
        told_by(user)
        (reaper,) = reapers(place)
        theirs = [place.lease, place.reaper_lock, place.reaper_log, place.reaper_log, "/dev/null"]

        assert any("leak" in file for file in open_files(user.pid))
        assert open_files(reaper) == sorted(map(str, theirs))
        assert os.getsid(reaper) not in {os.getsid(0), os.getsid(user.pid)}
        for server in (*find(place.postgres), *find(place.valkey)):
            files = open_files(server)
            assert not any(
                "leak" in file or file in {str(place.lease), str(place.start_lock)} for file in files
            )
