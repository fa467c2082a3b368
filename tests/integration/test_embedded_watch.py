"""What dies while somebody watches comes back without anybody's asking."""

import os
import signal
from collections.abc import Callable

from app.embedded import postgres
from app.embedded.lease import is_held
from app.embedded.place import Place
from app.embedded.process import kill, wait_until
from app.embedded.servers import Servers
from app.embedded.watch import watched
from tests.integration.embedded_place import (
    DEADLINE_S,
    got,
    has_mark,
    leave_mark,
    postmaster,
    put,
    servers_of,
    sql,
)


def _comes(holds: Callable[[], bool]) -> bool:
    return wait_until(holds, DEADLINE_S)


def _answers(place: Place, servers: Servers) -> bool:
    return postgres.status(place.postgres) == "ready" and sql(servers.database_url, "SELECT 1") == "1"


def test_both_servers_come_back_with_what_they_kept(place: Place) -> None:
    with servers_of(place) as servers, watched(place.root):
        mark = leave_mark(servers.database_url, servers.redis_url)
        kill(place.postgres)
        kill(place.valkey)

        assert _comes(lambda: _answers(place, servers) and is_held(place.valkey.alive))
        assert _comes(place.valkey.socket.exists)
        assert has_mark(servers.database_url, servers.redis_url, mark)


def test_a_postgres_whose_first_process_alone_was_killed_comes_back(place: Place) -> None:
    with servers_of(place) as servers, watched(place.root):
        killed = postmaster(place)
        os.kill(killed, signal.SIGKILL)

        assert _comes(lambda: _answers(place, servers))
        assert postmaster(place) != killed


def test_a_postgres_that_cannot_start_keeps_valkey_away_from_nobody(new_place: Place) -> None:
    place = new_place
    with servers_of(place) as servers, watched(place.root):
        put(servers.redis_url, "key", "kept")
        kill(place.postgres)
        (place.postgres.data / "postgresql.conf").write_text("no such setting")
        assert _comes(lambda: "contains errors" in place.postgres.log.read_text())
        kill(place.valkey)

        assert _comes(lambda: is_held(place.valkey.alive) and place.valkey.socket.exists())
        assert _comes(lambda: got(servers.redis_url, "key") == b"kept")


def test_who_watches_no_more_starts_nothing(place: Place) -> None:
    with servers_of(place):
        with watched(place.root):
            pass
        kill(place.valkey)

        assert not wait_until(lambda: is_held(place.valkey.alive), 1.0)
