"""Servers that have died under their users, and their reaper, started again while somebody watches."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from app.embedded import postgres, reaper, valkey
from app.embedded.errors import EmbeddedError
from app.embedded.lease import FileLock, is_held
from app.embedded.place import Place

EVERY_S = 0.25
# After a start that failed: what it takes to mend it, takes somebody some time.
RETRY_S = 5.0
# A start that is under way is not waited for: the process that ends gives its locks back.
_LEAVE_S = 1.0

_log = logging.getLogger(__name__)


@contextmanager
def watched(data_dir: Path, *, stores: bool = True, caches: bool = True) -> Iterator[None]:
    """Start the servers of a data folder again whenever they die, or who stops them in the end does.

    Needs their lease all the while. PostgreSQL is elsewhere unless the folder `stores`, Valkey unless it
    `caches`.
    """
    leaving = threading.Event()
    watching = partial(_watch, Place(data_dir.resolve()), leaving, stores=stores, caches=caches)
    watch = threading.Thread(target=watching, daemon=True)
    watch.start()
    try:
        yield
    finally:
        leaving.set()
        watch.join(_LEAVE_S)


def _watch(place: Place, leaving: threading.Event, *, stores: bool, caches: bool) -> None:
    parts = [
        _Part("Valkey", valkey.ensure, lambda: not caches or is_held(place.valkey.alive)),
        _Part("PostgreSQL", postgres.ensure, lambda: not stores or postgres.lives(place.postgres)),
        _Part("the reaper", reaper.ensure, lambda: is_held(place.reaper_lock)),
    ]
    pause_s = EVERY_S
    while not leaving.wait(pause_s):
        # One that cannot be started must not keep the others away.
        are_kept = [part.keep(place) for part in parts]
        pause_s = EVERY_S if all(are_kept) else RETRY_S


class _Part:
    """What is to be kept running; that it cannot be, the log hears once for each reason."""

    def __init__(self, name: str, ensure: Callable[[Place], object], lives: Callable[[], bool]) -> None:
        self._name = name
        self._ensure = ensure
        self._lives = lives
        self._told: str | None = None

    def keep(self, place: Place) -> bool:
        """Start it again where it does not live; whether that was needless or went well."""
        try:
            if self._lives():
                self._told = None
                return True
            with FileLock(place.start_lock):
                self._ensure(place)
        except (EmbeddedError, OSError) as error:
            self._complain(str(error))
            return False
        _log.error("%s had died and was started again", self._name)
        return True

    def _complain(self, why: str) -> None:
        # What a server's own log ends with is another text each time.
        reason = why.partition("\n")[0]
        if reason != self._told:
            _log.error("%s cannot be kept running: %s", self._name, why)
        self._told = reason
