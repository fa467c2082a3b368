"""Starts a process when a run waits: one at a time on this host, whoever else starts them too."""

import asyncio
import fcntl
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec

from app.admin.runs.claims import is_waiting
from app.kit.started import Started
from app.storage.attempts import Attempts

# Where a process ended badly, the next one waits a little.
RETRY_S = 5.0
STOP_S = 5.0

COMMAND = (sys.executable, "-m", "app.admin.run_child")

_log = logging.getLogger(__name__)


class Orders(msgspec.Struct, frozen=True):
    """What the child process is told on its standard input, where no list of processes shows it."""

    database_url: str
    parent_pid: int


class Starter:
    """Looks for runs that wait and has a child process do them.

    `lock` is a file of this host: whoever has it locked has such a process.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        database_url: str,
        lock: Path,
        *,
        poll_s: float = 0.5,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._pool = pool
        self._database_url = database_url
        self._lock = lock
        self._poll_s = poll_s
        self._command = tuple(command)
        self._attempts = Attempts(_log, "looking for runs that wait")

    async def run(self) -> None:
        """Look now and then until cancelled, which ends the child too. No failure ends it."""
        while True:
            is_well = False
            with self._attempts:
                is_well = await self._look()
            await asyncio.sleep(self._poll_s if is_well else RETRY_S)

    async def _look(self) -> bool:
        """Have a child do what waits; false where it ended badly."""
        if not await is_waiting(self._pool):
            return True
        with _locked(self._lock) as descriptor:
            return descriptor is None or await self._have_done(descriptor)

    async def _have_done(self, descriptor: int) -> bool:
        # The child inherits the lock: while it lives, even without us, there is no second one. Decisions come
        # first.
        child = await Started.begin(*self._command, behind=True, pass_fds=[descriptor])
        try:
            orders = msgspec.json.encode(Orders(self._database_url, os.getpid()))
            await child.communicate(orders)
            code = await child.wait()
        except asyncio.CancelledError:
            await _end(child)
            raise
        if code:
            _log.error("the process that does runs ended with %s", code)
        return not code


async def _end(child: Started) -> None:
    """End a child in an orderly way, else by force. What it was at is taken up again."""
    child.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Hold the lock for as long as the block runs; None where somebody else has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield descriptor
    finally:
        os.close(descriptor)
