"""Whatever dies or is left behind, the next start has servers again and every committed row."""

import os
import signal

import pytest

from app.embedded import process
from app.embedded.place import Place
from app.embedded.process import find, kill, wait_until
from app.embedded.servers import EmbeddedError, start
from tests.integration.embedded_place import (
    DEADLINE_S,
    asking,
    has_mark,
    leave_mark,
    nothing_runs,
    postmaster,
    reapers,
    servers_of,
    sql,
    told_by,
    user_of,
)


def test_a_killed_postgres_is_started_again_with_every_committed_row(place: Place) -> None:
    with servers_of(place) as first:
        sql(first.database_url, "CREATE TABLE survivors AS SELECT generate_series(1, 1000)")
        os.kill(postmaster(place), signal.SIGKILL)
        with user_of(place) as second:
            assert told_by(second)["database_url"] == first.database_url
            assert sql(first.database_url, "SELECT count(*) FROM survivors") == "1000"


def test_a_busy_backend_does_not_outlive_its_killed_postgres(place: Place) -> None:
    with servers_of(place) as servers:
        busy = "DO $$ BEGIN LOOP END LOOP; END $$"
        with asking(servers.database_url, busy) as client:
            running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO $$%'"
            assert wait_until(lambda: sql(servers.database_url, running) == "1", DEADLINE_S)
            os.kill(postmaster(place), signal.SIGKILL)
            with servers_of(place):
                assert client.wait() != 0
                assert sql(servers.database_url, running) == "0"


def test_a_killed_valkey_is_started_again_with_what_was_written(place: Place) -> None:
    with servers_of(place) as first:
        mark = leave_mark(first.database_url, first.redis_url)
        kill(place.valkey)
        with user_of(place) as second:
            assert told_by(second)["redis_url"] == first.redis_url
            assert has_mark(first.database_url, first.redis_url, mark)


def test_everything_killed_at_once_comes_back(place: Place) -> None:
    with user_of(place) as user:
        told = told_by(user)
        mark = leave_mark(**told)
        pids = [*reapers(place), user.pid, *find(place.postgres), *find(place.valkey)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    with servers_of(place) as servers:
        assert has_mark(servers.database_url, servers.redis_url, mark)


def test_a_killed_reaper_is_replaced_at_the_next_start(place: Place) -> None:
    with servers_of(place):
        (killed,) = reapers(place)
        os.kill(killed, signal.SIGKILL)
        assert wait_until(lambda: not reapers(place), DEADLINE_S)
        with servers_of(place):
            assert killed not in reapers(place)
            assert len(reapers(place)) == 1


def test_a_killed_initdb_is_wiped_and_done_again(new_place: Place) -> None:
    staging = new_place.root / "postgres.new"
    with user_of(new_place) as user:
        assert wait_until((staging / "PG_VERSION").exists, DEADLINE_S)
        kill(new_place.postgres)
        assert "PostgreSQL did not make its data folder" in told_by(user)["error"]
    assert (staging / "PG_VERSION").exists()
    (staging / "left by the first").touch()
    with servers_of(new_place) as servers:
        assert sql(servers.database_url, "SELECT 1") == "1"
        assert not staging.exists()
        assert not (new_place.postgres.data / "left by the first").exists()


def test_lock_files_that_name_another_program_are_not_believed(place: Place) -> None:
    told = f"{os.getpid()}\n{place.postgres.data}\n1\n5432\n{place.sockets}\n\n1 1\nready\n"
    (place.postgres.data / "postmaster.pid").write_text(told)
    place.postgres.socket.with_name(".s.PGSQL.5432.lock").write_text(told)
    with servers_of(place) as servers:
        assert sql(servers.database_url, "SELECT 1") == "1"


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_a_deleted_socket_is_made_again(place: Place, server: str) -> None:
    with servers_of(place) as servers:
        mark = leave_mark(servers.database_url, servers.redis_url)
        getattr(place, server).socket.unlink()
        with servers_of(place):
            assert has_mark(servers.database_url, servers.redis_url, mark)


def test_a_postgres_that_is_asked_to_end_is_replaced_by_the_next_start(place: Place) -> None:
    with servers_of(place) as servers:
        idle = "SELECT pg_sleep(600)"
        with asking(servers.database_url, idle) as client:
            sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            assert wait_until(lambda: sql(servers.database_url, sleeping) == "1", DEADLINE_S)
            os.kill(postmaster(place), signal.SIGTERM)
            with servers_of(place):
                assert client.wait() != 0
                assert sql(servers.database_url, "SELECT 1") == "1"


def test_two_servers_never_work_on_a_folder_that_was_moved_under_the_first(
    new_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_KILL_S", 0.5)
    with servers_of(new_place) as servers:
        moved = Place(new_place.root.with_name("moved"))
        new_place.root.rename(moved.root)
        with pytest.raises(EmbeddedError, match="end the processes that hold"):
            start(moved.root)
        moved.root.rename(new_place.root)
        assert sql(servers.database_url, "SELECT 1") == "1"
    assert nothing_runs(moved)


def test_a_postgres_that_cannot_start_says_why_and_leaves_nothing_running(new_place: Place) -> None:
    start(new_place.root).close()
    assert nothing_runs(new_place)
    (new_place.postgres.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r'(?s)PostgreSQL did not start.*parameter "no_such_setting"'):
        start(new_place.root)

    assert nothing_runs(new_place)


def test_a_postgres_that_refuses_a_newcomer_goes_on_for_the_others(new_place: Place) -> None:
    with servers_of(new_place) as servers:
        sql(servers.database_url, "ALTER DATABASE postgres ALLOW_CONNECTIONS false")
        before = postmaster(new_place)
        with pytest.raises(EmbeddedError, match="is not currently accepting connections"):
            start(new_place.root)
        assert postmaster(new_place) == before


def test_a_valkey_that_cannot_start_says_why_and_leaves_nothing_running(new_place: Place) -> None:
    start(new_place.root).close()
    assert nothing_runs(new_place)
    for part in (new_place.valkey.data / "appendonlydir").glob("*.base.*"):
        part.write_bytes(b"no database")
    with pytest.raises(EmbeddedError, match=r"(?s)Valkey did not start.*Bad file format"):
        start(new_place.root)

    assert nothing_runs(new_place)
