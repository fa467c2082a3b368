"""PostgreSQL and Valkey for processes that bring none: started, shared, recovered, and stopped in the end."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from app.embedded import postgres, reaper, valkey
from app.embedded.errors import EmbeddedError
from app.embedded.lease import FileLock, is_held
from app.embedded.place import Place
from app.embedded.process import wait_until

__all__ = ["EmbeddedError", "Servers", "start"]

# The first process of a container, with whose end the kernel kills all the others.
_FIRST = 1
_STOP_S = 20.0


@dataclass(frozen=True)
class Servers:
    """Where both servers are, and this process's lease of those here: until `close`, or the process's end."""

    database_url: str
    redis_url: str
    _place: Place = field(repr=False, compare=False)
    _lease: FileLock = field(repr=False, compare=False)

    def close(self) -> None:
        """Give up the lease: after the last one the servers stop. A second time does nothing.

        The first process of a container waits until they have, for `_STOP_S` seconds at most.
        """
        self._lease.release()
        if os.getpid() == _FIRST:
            wait_until(lambda: not is_held(self._place.reaper_lock), _STOP_S)


def start(data_dir: Path, database_url: str | None = None, redis_url: str | None = None) -> Servers:
    """Start the servers of a data folder, or join those that run; blocks until both answer.

    One whose address is given is elsewhere, and not looked at. What has died since the last start, or was
    left behind by a crash, is recovered. Any number of processes may do this at once.

    Raises:
        EmbeddedError: The servers cannot be had; the message says what to do.
    """
    try:
        place = Place(data_dir.resolve())
        place.root.mkdir(parents=True, exist_ok=True)
        lease = FileLock(place.lease, shared=True)
        try:
            return _started(place, lease, database_url, redis_url)
        except BaseException:
            lease.release()
            raise
    except OSError as error:
        raise EmbeddedError(
            f"no servers in {data_dir}: {error}; set SIGNPOST_DATA_DIR to a folder of this user,"
            " or SIGNPOST_DATABASE_URL and SIGNPOST_REDIS_URL to servers of your own"
        ) from error


def _started(place: Place, lease: FileLock, database_url: str | None, redis_url: str | None) -> Servers:
    with FileLock(place.start_lock):
        # Before the servers, so that they are never without one; and after, since it may have been dying.
        reaper.ensure(place)
        database_url = database_url or postgres.ensure(place)
        redis_url = redis_url or valkey.ensure(place)
        reaper.ensure(place)
    return Servers(database_url, redis_url, place, lease)
