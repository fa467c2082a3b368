"""File locks, which the kernel gives back however their holder ends."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """An exclusive or shared lock on a file, held from construction until `release` or the process's end.

    Construction waits until the lock can be had. Locks of one process exclude each other like those of two.
    A process that inherits `descriptor` holds the lock as well, and on its own.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self.descriptor = _locked(path, shared=shared)
        # Whoever waited may have got a file that was deleted meanwhile, and would share it with nobody.
        while not _is_at(self.descriptor, path):
            os.close(self.descriptor)
            self.descriptor = _locked(path, shared=shared)
        self._released = False

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        if not self._released:
            # Closed, not unlocked: unlocking would take it from those who inherited the descriptor, too.
            os.close(self.descriptor)
        self._released = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether anybody holds a lock on the file; who waits for one meanwhile is not disturbed."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _locked(path: Path, *, shared: bool) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
