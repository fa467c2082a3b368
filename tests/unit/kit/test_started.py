import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.kit.started import Started

# It waits to be told, so that it speaks of how it is once it was started.
SAYS = """
import os, pathlib, sys
sys.stdin.read()
session = pathlib.Path("/proc/self/autogroup")
print(os.getsid(0) == os.getpid(), os.nice(0), *session.read_text().split()[2:] if session.exists() else ())
"""
HAS_AUTOGROUP = Path("/proc/self/autogroup").exists()
SLEEPS = "import time; time.sleep(600)"


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def begun(program: str, **how: Any) -> Started:
    return await Started.begin(sys.executable, "-c", program, **how)


async def said() -> list[str]:
    process = await begun(SAYS, behind=True)
    printed = await process.communicate()
    assert process.returncode == 0
    return printed.decode().split()


async def test_a_process_comes_after_all_others_and_so_does_its_session() -> None:
    assert await said() == ["True", "19", *["19"] * HAS_AUTOGROUP]


async def test_where_the_system_does_not_allow_it_the_process_runs_as_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)

    assert await said() == ["True", "0", *["0"] * HAS_AUTOGROUP]


async def test_a_process_is_in_our_session_unless_it_is_behind() -> None:
    process = await begun("import os; print(os.getsid(0), os.nice(0))")

    assert await process.communicate() == f"{os.getsid(0)} {os.nice(0)}\n".encode()


async def test_as_much_as_is_sent_is_read_and_answered() -> None:
    process = await begun("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1]); sys.exit(3)")

    assert await process.communicate(b"ab" * 500_000) == b"ba" * 500_000
    assert (process.returncode, await process.wait()) == (3, 3)


async def test_a_process_that_reads_nothing_has_ended_all_the_same() -> None:
    process = await begun("print('done')")
    await process.wait()

    assert await process.communicate(b"a" * 500_000) == b"done\n"


async def test_a_process_runs_until_it_is_told_to_end() -> None:
    process = await begun(SLEEPS)
    assert process.returncode is None
    process.terminate()

    assert await process.wait() == -15
    process.terminate()
    process.kill()


async def test_a_process_that_has_ended_is_no_zombie_though_nobody_waits_for_it() -> None:
    process = await begun("")
    async with asyncio.timeout(30):
        while lives(process.pid):  # noqa: ASYNC110 - another process ends
            await asyncio.sleep(0.01)


async def test_who_inherits_a_descriptor_holds_it() -> None:
    mine, its = os.pipe()
    process = await begun(f"import os; os.write({its}, b'held')", pass_fds=[its])
    os.close(its)
    await process.communicate()

    assert os.read(mine, 100) == b"held"
    os.close(mine)


async def test_a_process_that_nobody_has_any_more_before_it_is_connected_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *command: Any, **how: Any) -> None:
            super().__init__(*command, **how)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    beginning = asyncio.create_task(begun(SLEEPS))
    await asyncio.sleep(0)
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning

    assert [process.returncode for process in started] == [-9]
