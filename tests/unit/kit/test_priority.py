import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from app.kit.priority import start_behind

# It waits to be told, so that it speaks of how it is once it was started.
SAYS = """
import os, pathlib, sys
sys.stdin.read()
session = pathlib.Path("/proc/self/autogroup")
print(os.getsid(0) == os.getpid(), os.nice(0), *session.read_text().split()[2:] if session.exists() else ())
"""
HAS_AUTOGROUP = Path("/proc/self/autogroup").exists()


async def said() -> list[str]:
    process = await start_behind(sys.executable, "-c", SAYS, stdin=PIPE, stdout=PIPE)
    out, _ = await process.communicate(b"")
    assert process.returncode == 0
    return out.decode().split()


async def test_a_process_comes_after_all_others_and_so_does_its_session() -> None:
    assert await said() == ["True", "19", *["19"] * HAS_AUTOGROUP]


async def test_where_the_system_does_not_allow_it_the_process_runs_as_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)

    assert await said() == ["True", "0", *["0"] * HAS_AUTOGROUP]
