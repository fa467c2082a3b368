from pathlib import Path

import pytest

from app.embedded.place import Place


def test_the_sockets_lie_in_the_place_where_its_path_is_short_and_plain() -> None:
    assert Place(Path("/srv/signpost")).postgres.socket == Path("/srv/signpost/sockets/.s.PGSQL.5432")


def test_a_socket_path_of_107_bytes_stays_and_one_of_108_moves() -> None:
    overhead = len("/" + "/sockets/.s.PGSQL.5432")
    fits, too_long = Place(Path("/" + "a" * (107 - overhead))), Place(Path("/" + "a" * (108 - overhead)))

    assert len(str(fits.postgres.socket)) == 107
    assert fits.sockets.parent == fits.root
    assert too_long.sockets == Path("/tmp") / too_long.name  # noqa: S108 this is the promise under test


@pytest.mark.parametrize("name", ["a b", "a,b", "a:b", "a%20b", "a'b", "a&b", "a?b", "über"])
def test_a_path_that_needs_quoting_anywhere_moves_the_sockets(name: str) -> None:
    place = Place(Path("/srv") / name)

    assert place.sockets.name == place.name
    assert place.valkey.socket.parent == place.sockets


def test_no_two_paths_share_a_name() -> None:
    first, second = Place(Path("/srv/one")), Place(Path("/srv/two"))

    assert len({first.postgres.name, first.valkey.name, second.postgres.name, second.valkey.name}) == 4


def test_a_place_keeps_its_name() -> None:
    assert Place(Path("/srv/one")).name == Place(Path("/srv/one")).name


def test_a_path_that_is_no_text_has_a_name() -> None:
    assert Place(Path("/srv/\udcff")).name.startswith("signpost-")
