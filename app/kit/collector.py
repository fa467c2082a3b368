"""When Python's garbage collector may search everything there is."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEVER = 2**31 - 1


class _Blocks:
    """The blocks that run now; the first to begin sets the threshold, and the last to end sets it back."""

    def __init__(self) -> None:
        self._running = 0
        self._before = gc.get_threshold()

    def begin(self) -> None:
        if not self._running:
            self._before = gc.get_threshold()
            # What is built survives, so that to collect it early is as much work, in smaller pieces.
            gc.set_threshold(self._before[0], 1, _NEVER)
        self._running += 1

    def end(self) -> None:
        self._running -= 1
        if not self._running:
            gc.set_threshold(*self._before)


_blocks = _Blocks()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let the collector search nothing while the block runs, which makes and drops a crowd of objects.

    They are freed as ever, since they form no cycles. Of two blocks at once the first to end ends both.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def no_full_collections() -> Iterator[None]:
    """Build something large, and let no collection search it, neither while the block runs nor later.

    To search the hundreds of thousands of objects of a large site takes a tenth of a second, during which
    nothing else happens. What is young is collected as ever, and what is no longer referred to is freed as
    ever; only a cycle from before the end of the block that is dropped after it stays for good.
    """
    _blocks.begin()
    try:
        yield
        # What fails hangs on its traceback, which may be such a cycle.
        gc.freeze()
    finally:
        _blocks.end()
