"""The reaper: a detached process that stops the servers after their last user has gone, however it went."""

import os
import sys
from pathlib import Path

from app.embedded import postgres, valkey
from app.embedded.errors import EmbeddedError
from app.embedded.launch import detached, execute, last_lines
from app.embedded.lease import FileLock, is_held
from app.embedded.place import Place
from app.embedded.process import wait_until

_START_S = 30.0


def ensure(place: Place) -> None:
    """Have a reaper watch; needs the lease and the start lock.

    Raises:
        EmbeddedError: None comes, so that the servers would outlive their users.
    """
    if not is_held(place.reaper_lock):
        package_root = str(Path(__file__).parents[2])
        command = detached([sys.executable, "-m", "app.embedded.reaper", str(place.root)])
        execute(command, place.reaper_log, os.environ, folder=package_root)
    if not wait_until(lambda: is_held(place.reaper_lock), _START_S):
        raise EmbeddedError(
            f"the process that shall stop the servers did not start: mend what {place.reaper_log} tells."
            f" It ends with:\n{last_lines(place.reaper_log)}"
        )


def reap(place: Place) -> None:
    """Wait until nobody holds the lease, then stop the servers before anybody gets it again."""
    try:
        watching, unused, starting = map(FileLock, (place.reaper_lock, place.lease, place.start_lock))
    except FileNotFoundError:
        # The folder has been deleted, and with it all that its servers kept.
        _stop(place)
        return
    _stop(place)
    # In this order: who gets the lease must not take a reaper that is about to leave for one that stays.
    for lock in (watching, starting, unused):
        lock.release()


def _stop(place: Place) -> None:
    try:
        valkey.stop(place)
    finally:
        postgres.stop(place)


if __name__ == "__main__":
    reap(Place(Path(sys.argv[1])))
