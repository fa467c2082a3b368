"""Long work beside others on one event loop."""

import asyncio

import pytest

from app.kit.slices import in_slices
from app.kit.steps import Steps

STEP_S = 0.001


class Worked:
    """Work of many steps, by a clock of its own on which each takes a millisecond."""

    def __init__(self) -> None:
        self.steps = 0
        self.ended = False

    def clock(self) -> float:
        return self.steps * STEP_S

    def work(self, steps: int) -> Steps[str]:
        try:
            for _ in range(steps):
                self.steps += 1
                yield
            return "done"
        finally:
            self.ended = True


async def seen_by_another(worked: Worked, steps: int, slice_s: float) -> list[int]:
    """How far the work is whenever another task has its turn."""
    seen: list[int] = []
    work = asyncio.create_task(in_slices(worked.work(steps), slice_s=slice_s, clock=worked.clock))
    while not work.done():
        await asyncio.sleep(0)
        seen.append(worked.steps)
    assert await work == "done"
    return seen


async def test_others_have_their_turn_after_each_slice() -> None:
    seen = await seen_by_another(Worked(), 12, slice_s=3 * STEP_S - STEP_S / 2)

    assert seen == [3, 6, 9, 12, 12]


async def test_a_step_longer_than_a_slice_is_a_slice() -> None:
    assert await seen_by_another(Worked(), 3, slice_s=STEP_S / 10) == [1, 2, 3, 3]


async def test_two_at_once_both_get_on() -> None:
    one, other = Worked(), Worked()

    async with asyncio.TaskGroup() as both:
        both.create_task(in_slices(one.work(50), slice_s=STEP_S, clock=one.clock))
        both.create_task(in_slices(other.work(50), slice_s=STEP_S, clock=other.clock))

    assert (one.steps, other.steps) == (50, 50)


async def test_what_goes_wrong_in_a_step_reaches_whoever_waits() -> None:
    def failing() -> Steps[None]:
        yield
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await in_slices(failing())


async def test_whoever_is_cancelled_leaves_nothing_running() -> None:
    worked = Worked()
    work = asyncio.create_task(in_slices(worked.work(1_000_000), slice_s=STEP_S, clock=worked.clock))
    await asyncio.sleep(0)

    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work
    assert worked.ended
    assert worked.steps < 10
