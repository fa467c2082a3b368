import sys
import threading
from pathlib import Path

import pytest

from app.embedded import reaper
from app.embedded.errors import EmbeddedError
from app.embedded.lease import FileLock, is_held
from app.embedded.place import Place
from app.embedded.process import wait_until


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_reaper_watches_until_the_last_lease_is_given_up(place: Place) -> None:
    first, second = FileLock(place.lease, shared=True), FileLock(place.lease, shared=True)
    watching = threading.Thread(target=reaper.reap, args=[place])
    watching.start()
    assert wait_until(lambda: is_held(place.reaper_lock), 10)
    first.release()
    assert is_held(place.reaper_lock)
    second.release()
    watching.join()

    assert not any(map(is_held, (place.reaper_lock, place.lease, place.start_lock)))


def test_a_second_reaper_waits_its_turn(place: Place) -> None:
    user = FileLock(place.lease, shared=True)
    reapers = [threading.Thread(target=reaper.reap, args=[place]) for _ in range(2)]
    for each in reapers:
        each.start()
    assert wait_until(lambda: is_held(place.reaper_lock), 10)
    user.release()
    for each in reapers:
        each.join()

    assert not is_held(place.reaper_lock)


def test_a_reaper_stops_nothing_while_somebody_starts_servers(place: Place) -> None:
    starting = FileLock(place.start_lock)
    watching = threading.Thread(target=reaper.reap, args=[place])
    watching.start()
    assert wait_until(lambda: is_held(place.lease), 10)
    assert is_held(place.reaper_lock)
    starting.release()
    watching.join()

    assert not is_held(place.lease)


def test_a_reaper_does_not_bring_a_deleted_folder_back(tmp_path: Path) -> None:
    reaper.reap(Place(tmp_path / "deleted"))

    assert not (tmp_path / "deleted").exists()


def test_a_reaper_that_does_not_come_is_reported_with_what_it_said(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "_START_S", 0.05)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(EmbeddedError, match=r"reaper\.log tells"):
        reaper.ensure(place)

    assert wait_until(lambda: "/no/such/python" in place.reaper_log.read_text(), 10)
