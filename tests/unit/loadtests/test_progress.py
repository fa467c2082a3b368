import asyncio
from io import StringIO

import pytest

from loadtests.progress import progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


async def test_a_file_gets_whole_lines_and_the_last_state() -> None:
    out = StringIO()
    async with progress(lambda: "3 of 3", out):
        await asyncio.sleep(0)
    assert out.getvalue() == "3 of 3\n"


async def test_a_terminal_line_is_written_over() -> None:
    out = Terminal()
    async with progress(lambda: "3 of 3", out):
        await asyncio.sleep(0)
    assert out.getvalue() == "\r3 of 3\x1b[K\n"


async def test_progress_ends_with_a_body_that_fails() -> None:
    out = StringIO()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), progress(lambda: "1 of 3", out):
            await asyncio.Event().wait()
    assert out.getvalue() == "1 of 3\n"
