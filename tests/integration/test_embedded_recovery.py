"""Whatever dies or is left behind, the next start has servers again and every committed row."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import process
from app.embedded.place import Place
from app.embedded.process import find, kill, wait_until
from app.embedded.servers import EmbeddedError, start
from tests.integration.embedded_place import (
    DEADLINE_S,
    got,
    nothing_runs,
    place_in,
    postmaster,
    psql_command,
    put,
    reapers,
    servers_of,
    sql,
    told_by,
    user_of,
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with place_in(tmp_path / "data") as place:
        yield place


def test_a_killed_postgres_is_started_again_with_every_committed_row(place: Place) -> None:
    with servers_of(place) as first:
        sql(first.database_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        os.kill(postmaster(place), signal.SIGKILL)
        with user_of(place) as second:
            assert told_by(second)["database_url"] == first.database_url
            assert sql(first.database_url, "SELECT count(*) FROM kept") == "1000"


def test_a_busy_backend_does_not_outlive_its_killed_postgres(place: Place) -> None:
    with servers_of(place) as servers:
        busy = "DO $$ BEGIN LOOP END LOOP; END $$"
        with subprocess.Popen(psql_command(servers.database_url, busy), stderr=subprocess.DEVNULL) as client:
            running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO $$%'"
            assert wait_until(lambda: sql(servers.database_url, running) == "1", DEADLINE_S)
            os.kill(postmaster(place), signal.SIGKILL)
            with servers_of(place):
                assert client.wait() != 0
                assert sql(servers.database_url, running) == "0"


def test_a_killed_valkey_is_started_again_with_what_was_written(place: Place) -> None:
    with servers_of(place) as first:
        put(first.redis_url, "kept", "value")
        kill(place.valkey)
        with user_of(place) as second:
            assert told_by(second)["redis_url"] == first.redis_url
            assert got(first.redis_url, "kept") == b"value"


def test_everything_killed_at_once_comes_back(place: Place) -> None:
    with user_of(place) as user:
        told = told_by(user)
        sql(told["database_url"], "CREATE TABLE kept AS SELECT 1 AS one")
        put(told["redis_url"], "kept", "value")
        pids = [*reapers(place), user.pid, *find(place.postgres), *find(place.valkey)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    with servers_of(place) as servers:
        assert sql(servers.database_url, "SELECT one FROM kept") == "1"
        assert got(servers.redis_url, "kept") == b"value"


def test_a_killed_reaper_is_replaced_at_the_next_start(place: Place) -> None:
    with servers_of(place):
        (killed,) = reapers(place)
        os.kill(killed, signal.SIGKILL)
        assert wait_until(lambda: not reapers(place), DEADLINE_S)
        with servers_of(place):
            assert killed not in reapers(place)
            assert len(reapers(place)) == 1


def test_a_killed_initdb_is_wiped_and_done_again(place: Place) -> None:
    staging = place.root / "postgres.new"
    with user_of(place) as user:
        assert wait_until((staging / "PG_VERSION").exists, DEADLINE_S)
        kill(place.postgres)
        assert "PostgreSQL did not make its data folder" in told_by(user)["error"]
    assert (staging / "PG_VERSION").exists()
    (staging / "left by the first").touch()
    with servers_of(place) as servers:
        assert sql(servers.database_url, "SELECT 1") == "1"
        assert not staging.exists()
        assert not (place.postgres.data / "left by the first").exists()


def test_lock_files_that_name_another_program_are_not_believed(place: Place) -> None:
    start(place.root).close()
    assert nothing_runs(place)
    told = f"{os.getpid()}\n{place.postgres.data}\n1\n5432\n{place.sockets}\n\n1 1\nready\n"
    (place.postgres.data / "postmaster.pid").write_text(told)
    place.postgres.socket.with_name(".s.PGSQL.5432.lock").write_text(told)
    with servers_of(place) as servers:
        assert sql(servers.database_url, "SELECT 1") == "1"


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_a_deleted_socket_is_made_again(place: Place, server: str) -> None:
    with servers_of(place) as servers:
        sql(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS one")
        put(servers.redis_url, "kept", "value")
        getattr(place, server).socket.unlink()
        with servers_of(place):
            assert sql(servers.database_url, "SELECT one FROM kept") == "1"
            assert got(servers.redis_url, "kept") == b"value"


def test_a_postgres_that_is_asked_to_end_is_replaced_by_the_next_start(place: Place) -> None:
    with servers_of(place) as servers:
        idle = "SELECT pg_sleep(600)"
        with subprocess.Popen(psql_command(servers.database_url, idle), stderr=subprocess.DEVNULL) as client:
            sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            assert wait_until(lambda: sql(servers.database_url, sleeping) == "1", DEADLINE_S)
            os.kill(postmaster(place), signal.SIGTERM)
            with servers_of(place):
                assert client.wait() != 0
                assert sql(servers.database_url, "SELECT 1") == "1"


def test_two_servers_never_work_on_a_folder_that_was_moved_under_the_first(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_KILL_S", 0.5)
    with servers_of(place) as servers:
        moved = Place(place.root.with_name("moved"))
        place.root.rename(moved.root)
        with pytest.raises(EmbeddedError, match="end the processes that hold"):
            start(moved.root)
        moved.root.rename(place.root)
        assert sql(servers.database_url, "SELECT 1") == "1"
    assert nothing_runs(moved)


def test_a_postgres_that_cannot_start_says_why_and_leaves_nothing_running(place: Place) -> None:
    start(place.root).close()
    assert nothing_runs(place)
    (place.postgres.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r'(?s)PostgreSQL did not start.*parameter "no_such_setting"'):
        start(place.root)

    assert nothing_runs(place)


def test_a_valkey_that_cannot_start_says_why_and_leaves_nothing_running(place: Place) -> None:
    start(place.root).close()
    assert nothing_runs(place)
    for part in (place.valkey.data / "appendonlydir").glob("*.base.*"):
        part.write_bytes(b"no database")
    with pytest.raises(EmbeddedError, match=r"(?s)Valkey did not start.*Bad file format"):
        start(place.root)

    assert nothing_runs(place)
