import asyncio

import pytest

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
