"""The service as ever, beside a clock that writes down for how long its event loop was kept from others."""

import asyncio
import os
from pathlib import Path
from time import monotonic, thread_time

import msgspec

from app.api.public import PublicEdge
from app.main import create_app

FILE = "BENCH_TURNS_FILE"
TICK_S = 0.001
# What is shorter is the tick itself.
_NOTED_S = 0.002
_TOLD_EVERY = 100
# What nobody holds would be collected.
_watching: list[asyncio.Task[None]] = []


class Turn(msgspec.Struct, frozen=True):
    """So much CPU the loop has spent before an instant without coming round to the clock, and in all."""

    at_s: float
    cpu_s: float
    total_s: float


def watched_app() -> PublicEdge:
    """Make the app, and start the clock; called on the event loop that serves."""
    _watching.append(asyncio.get_running_loop().create_task(_watch(Path(os.environ[FILE]))))
    return create_app()


async def _watch(file: Path) -> None:
    """Note long turns in CPU, not time: other processes on these cores are none of ours."""
    with file.open("ab", buffering=0) as notes:
        before, ticks = thread_time(), 0
        while True:
            await asyncio.sleep(TICK_S)
            now, ticks = thread_time(), ticks + 1
            if now - before > _NOTED_S or not ticks % _TOLD_EVERY:
                notes.write(msgspec.json.encode(Turn(monotonic(), now - before, now)) + b"\n")
            before = now


def turns_in(file: Path) -> list[Turn]:
    """Read what was noted so far."""
    return [msgspec.json.decode(line, type=Turn) for line in file.read_bytes().splitlines()]
