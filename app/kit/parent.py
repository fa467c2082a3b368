"""What a child process does when its parent is gone."""

import asyncio
import logging
import os
import signal

_log = logging.getLogger(__name__)


async def leave_with(parent_pid: int, *, every_s: float = 0.2) -> None:
    """End this process in an orderly way (SIGTERM) once its parent is not `parent_pid` any more.

    Until then SIGHUP, which whoever closes a terminal sends to all at once, is for the parent alone.
    """
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    # Nothing tells a process that it was adopted, so it has to look.
    while os.getppid() == parent_pid:  # noqa: ASYNC110 - another process cannot set an asyncio.Event
        await asyncio.sleep(every_s)
    _log.warning("the parent process %s is gone, leaving too", parent_pid)
    os.kill(os.getpid(), signal.SIGTERM)
