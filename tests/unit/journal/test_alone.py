"""One shipper at a time."""

import asyncio
from pathlib import Path

import pytest

from app.journal.alone import alone


async def test_whoever_comes_second_waits(tmp_path: Path) -> None:
    order: list[str] = []
    held = asyncio.Event()

    async def first() -> None:
        async with alone(tmp_path):
            held.set()
            await asyncio.sleep(0.03)
            order.append("first done")

    async def second() -> None:
        await held.wait()
        async with alone(tmp_path):
            order.append("second begins")

    await asyncio.gather(first(), second())
    assert order == ["first done", "second begins"]


async def test_a_failure_gives_the_right_back(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        async with alone(tmp_path / "new"):
            raise RuntimeError
    async with asyncio.timeout(5), alone(tmp_path / "new"):
        pass
