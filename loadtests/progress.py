"""One line that says how far a replay is."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TextIO

_TERMINAL_EVERY_S = 1
_FILE_EVERY_S = 5


@asynccontextmanager
async def progress(line: Callable[[], str], out: TextIO = sys.stderr) -> AsyncIterator[None]:
    """Show `line()` while the body runs: every second in place on a terminal, else a line every 5 seconds."""
    showing = asyncio.create_task(_show(line, out))
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
        _write(line(), out, last=True)


async def _show(line: Callable[[], str], out: TextIO) -> None:
    while True:
        await asyncio.sleep(_TERMINAL_EVERY_S if out.isatty() else _FILE_EVERY_S)
        _write(line(), out, last=False)


def _write(text: str, out: TextIO, *, last: bool) -> None:
    if out.isatty():
        out.write(f"\r{text}\x1b[K" + "\n" * last)
    else:
        out.write(f"{text}\n")
    out.flush()
