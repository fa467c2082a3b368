"""Work that goes on in the background for as long as a block runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

# How long work that was cancelled may take to end.
END_S = 10.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work beside the block and cancel it at the end; what it raised by itself is raised then.

    Work that does not end within `END_S` seconds after that is left behind.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=END_S)
        if task.done():
            with suppress(asyncio.CancelledError):
                task.result()
        else:
            _log.warning("left behind what does not end: %r", task)
