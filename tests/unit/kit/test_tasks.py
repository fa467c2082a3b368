import asyncio
from contextlib import suppress

import pytest

from app.kit import tasks
from app.kit.tasks import background


async def test_work_goes_on_beside_the_block_and_ends_with_it() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with background(work()):
        await begun.wait()
        assert not ended.is_set()

    assert ended.is_set()


async def test_work_that_is_done_early_is_no_failure() -> None:
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    async with background(work()):
        await done.wait()


async def test_what_the_work_raised_is_raised_at_the_end_of_the_block() -> None:
    async def work() -> None:
        raise OSError("away")

    async def block() -> None:
        async with background(work()):
            await asyncio.sleep(0)

    with pytest.raises(OSError, match="away"):
        await block()


async def test_the_work_ends_where_the_block_fails() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def block() -> None:
        async with background(work()):
            await asyncio.sleep(0)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is the one raised just above
        await block()
    assert ended.is_set()


async def test_work_that_does_not_end_when_told_to_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "END_S", 0.01)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        while not may_end.is_set():
            with suppress(asyncio.CancelledError):
                await may_end.wait()

    async with background(stubborn()):
        await begun.wait()
    may_end.set()

    assert len(caplog.messages) == 1
    assert "stubborn" in caplog.messages[0]
