"""Servers that have died under their users, started again for as long as somebody watches."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.embedded import postgres, valkey
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
def watched(data_dir: Path) -> Iterator[None]:
    """Start the servers of a data folder again whenever they die; needs their lease all the while."""
    leaving = threading.Event()
    watch = threading.Thread(target=_watch, args=(Place(data_dir.resolve()), leaving), daemon=True)
    watch.start()
    try:
        yield
    finally:
        leaving.set()
        watch.join(_LEAVE_S)


def _watch(place: Place, leaving: threading.Event) -> None:
    pause_s = EVERY_S
    while not leaving.wait(pause_s):
        # One that cannot be started must not keep the other one away.
        cached = _mended(place, valkey.ensure, lives=is_held(place.valkey.alive))
        stored = _mended(place, postgres.ensure, lives=postgres.lives(place.postgres))
        pause_s = EVERY_S if cached and stored else RETRY_S


def _mended(place: Place, ensure: Callable[[Place], str], *, lives: bool) -> bool:
    """Start a server that does not live; whether that was needless or went well."""
    if lives:
        return True
    try:
        with FileLock(place.start_lock):
            _log.error("a server has died and is started again: %s", ensure(place))
    except (EmbeddedError, OSError) as error:
        _log.error("a server has died and cannot be started: %s", error)
        return False
    return True
