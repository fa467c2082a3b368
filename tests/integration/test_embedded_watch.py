"""What dies while somebody watches comes back without anybody's asking."""

import os
import resource
import signal
from contextlib import closing
from subprocess import CalledProcessError

import pytest
from redis.exceptions import RedisError

from app.embedded import watch
from app.embedded.lease import is_held
from app.embedded.place import Place
from app.embedded.process import find, kill, wait_until
from app.embedded.servers import Servers, start
from app.embedded.watch import watched
from tests.integration.embedded_place import (
    DEADLINE_S,
    got,
    has_mark,
    leave_mark,
    postmaster,
    put,
    reapers,
    servers_of,
    sql,
)
from tests.unit.journal.limits import limited


def _postgres_comes(servers: Servers) -> bool:
    def answers() -> bool:
        try:
            return sql(servers.database_url, "SELECT 1") == "1"
        except CalledProcessError:
            return False

    return wait_until(answers, DEADLINE_S)


def _valkey_comes(servers: Servers) -> bool:
    def answers() -> bool:
        try:
            got(servers.redis_url, "anything")
        except RedisError:
            return False
        return True

    return wait_until(answers, DEADLINE_S)


def test_both_servers_come_back_with_what_they_kept(place: Place) -> None:
    with servers_of(place) as servers, watched(place.root):
        mark = leave_mark(servers.database_url, servers.redis_url)
        kill(place.postgres)
        kill(place.valkey)

        assert _postgres_comes(servers)
        assert _valkey_comes(servers)
        assert has_mark(servers.database_url, servers.redis_url, mark)


def test_a_postgres_whose_first_process_alone_was_killed_comes_back(place: Place) -> None:
    with servers_of(place) as servers, watched(place.root):
        killed = postmaster(place)
        os.kill(killed, signal.SIGKILL)

        assert _postgres_comes(servers)
        assert postmaster(place) != killed


def test_a_reaper_that_was_killed_is_replaced(place: Place) -> None:
    with servers_of(place), watched(place.root):
        killed = reapers(place)
        for reaper in killed:
            os.kill(reaper, signal.SIGKILL)

        assert wait_until(lambda: bool(set(reapers(place)) - set(killed)), DEADLINE_S)


def test_a_postgres_that_cannot_start_does_not_keep_valkey_away(new_place: Place) -> None:
    with servers_of(new_place) as servers, watched(new_place.root):
        put(servers.redis_url, "key", "kept")
        kill(new_place.postgres)
        (new_place.postgres.data / "postgresql.conf").write_text("no such setting")
        assert wait_until(lambda: "contains errors" in new_place.postgres.log.read_text(), DEADLINE_S)
        kill(new_place.valkey)

        assert _valkey_comes(servers)
        assert got(servers.redis_url, "key") == b"kept"


def test_who_could_not_look_for_want_of_files_looks_again(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "RETRY_S", 0.1)
    with servers_of(place) as servers, watched(place.root):
        with limited(resource.RLIMIT_NOFILE, 3):
            assert wait_until(lambda: "Too many open files" in caplog.text, DEADLINE_S)
        kill(place.valkey)

        assert _valkey_comes(servers)


def test_what_cannot_be_started_is_told_once_and_so_is_that_it_could(
    new_place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "RETRY_S", 0.1)
    with servers_of(new_place) as servers, watched(new_place.root):
        settings = new_place.postgres.data / "postgresql.conf"
        sound = settings.read_text()
        settings.write_text("no such setting")
        kill(new_place.postgres)
        told = new_place.postgres.log
        assert wait_until(lambda: told.read_text().count("contains errors") > 4, DEADLINE_S)
        settings.write_text(sound)

        assert _postgres_comes(servers)
        assert wait_until(lambda: "PostgreSQL had died and was started again" in caplog.text, DEADLINE_S)
    assert caplog.text.count("cannot be kept running") == 1


def test_what_is_elsewhere_is_not_started_here_when_the_other_one_dies(new_place: Place) -> None:
    elsewhere = start(new_place.root, database_url="postgresql://db.example/signpost")
    with closing(elsewhere) as servers, watched(new_place.root, stores=False):
        kill(new_place.valkey)

        assert _valkey_comes(servers)
        assert not find(new_place.postgres)


def test_who_watches_no_more_starts_nothing(place: Place) -> None:
    with servers_of(place):
        with watched(place.root):
            pass
        kill(place.valkey)

        assert not wait_until(lambda: is_held(place.valkey.alive), 1.0)
