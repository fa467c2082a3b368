"""Waiting for what other processes, threads and tasks do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

PATIENCE_S = 60.0


def wait_until(holds: Callable[[], bool]) -> None:
    """Return as soon as something holds; fail where it does not within a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as something holds, while the other tasks go on; fail after a minute."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - what is waited for is nothing that could set an Event
            await asyncio.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
