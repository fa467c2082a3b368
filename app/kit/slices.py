"""Long work in slices of the event loop's time."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from time import perf_counter
from typing import TypeVar

from app.kit.steps import Steps

T = TypeVar("T")

SLICE_S = 0.00025


async def in_slices(
    steps: Steps[T], *, slice_s: float = SLICE_S, clock: Callable[[], float] = perf_counter
) -> T:
    """Take steps for about `slice_s` in each turn of the event loop, so that nobody waits for long.

    A turn lasts as much longer as its last step does. Whoever is cancelled here leaves nothing running.
    """
    with closing(steps):
        ends_at = clock() + slice_s
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            if clock() >= ends_at:
                await asyncio.sleep(0)
                ends_at = clock() + slice_s
