"""Processes that come after all others, on a core that others want too."""

import asyncio
import os
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

LOWEST_PRIORITY = 19


async def start_behind(*command: str, **more: Any) -> Process:
    """Start a process of the lowest priority in a session of its own; `more` as for `create_subprocess_exec`.

    It is so from its first instant on: to import what it needs may take a second.
    """
    process = await asyncio.create_subprocess_exec(*command, start_new_session=True, **more)
    # It may have ended already; and who may not say so much has it run as any other.
    with suppress(OSError):
        _put_behind(process.pid)
    return process


def _put_behind(pid: int) -> None:
    os.setpriority(os.PRIO_PROCESS, pid, LOWEST_PRIORITY)
    # Linux shares a core out among sessions first, each by a priority of its own (CONFIG_SCHED_AUTOGROUP).
    Path(f"/proc/{pid}/autogroup").write_text(str(LOWEST_PRIORITY), encoding="ascii")
