"""Limits that the kernel sets this process, for as long as a block runs: how a disk that is full is had."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited(what: int, soft: int) -> Iterator[None]:
    """Lower a limit; `RLIMIT_FSIZE` is the size that no file grows beyond."""
    before, hard = resource.getrlimit(what)
    resource.setrlimit(what, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (before, hard))
