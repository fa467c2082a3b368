"""One shipper at a time for each journal folder."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

_RETRY_S = 0.01


@asynccontextmanager
async def alone(journal_dir: Path) -> AsyncIterator[None]:
    """Hold the folder's only right to ship; whoever else wants it waits, and death gives it back."""
    lock = _opened(journal_dir)
    try:
        while not _locked(lock):  # noqa: ASYNC110 - another process cannot set an event of ours
            await asyncio.sleep(_RETRY_S)
        yield
    finally:
        os.close(lock)


def _opened(journal_dir: Path) -> int:
    journal_dir.mkdir(0o700, parents=True, exist_ok=True)
    return os.open(journal_dir / "ship.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _locked(lock: int) -> bool:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True
