"""Who comes first on a core that several processes want."""

import asyncio
import os
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

LOWEST_PRIORITY = 19


def set_priority(pid: int, priority: int) -> None:
    """Give a process that leads a session of its own a priority: 19 is the last, below 0 only root may.

    Nothing is said where that is not allowed, or where it has ended.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, priority)
        # Linux shares a core out among sessions first, by a priority of each (CONFIG_SCHED_AUTOGROUP).
        Path(f"/proc/{pid}/autogroup").write_text(str(priority), encoding="ascii")


async def start_behind(*command: str, **more: Any) -> Process:
    """Start a process of the lowest priority in a session of its own; `more` as for `create_subprocess_exec`.

    It is so from its first instant on: to import what it needs may take a second.
    """
    process = await asyncio.create_subprocess_exec(*command, start_new_session=True, **more)
    set_priority(process.pid, LOWEST_PRIORITY)
    return process
