"""A clock that ticks at a fixed rate and counts the ticks that nobody took: Linux's timerfd."""

import ctypes
import os
import time

_NANO = 1_000_000_000
# A timer that starts at once has to be told some time.
_AT_ONCE_NS = 1


class Ticks:
    """A file descriptor that can be read once it ticked, for the first time at once."""

    def __init__(self, interval_ns: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self._called("timerfd_create", time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        # Seconds and nanoseconds of the interval, then of the first tick.
        said = (ctypes.c_long * 4)(*divmod(interval_ns, _NANO), 0, _AT_ONCE_NS)
        try:
            self._called("timerfd_settime", self.fd, 0, ctypes.byref(said), None)
        except OSError:
            self.close()
            raise

    def taken(self) -> int:
        """Take the ticks since the last time; 0 where there were none."""
        try:
            return int.from_bytes(os.read(self.fd, 8), "little")
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Tick no more."""
        os.close(self.fd)

    def _called(self, name: str, *arguments: object) -> int:
        answer: int = getattr(self._libc, name)(*arguments)
        if answer < 0:
            raise OSError(ctypes.get_errno(), f"{name} failed")
        return answer
