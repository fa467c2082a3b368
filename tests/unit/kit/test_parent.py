import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.kit.parent import leave_with
from tests.waiting import lives, wait_until

CHILD = "import asyncio, sys, app.kit.parent as p; asyncio.run(p.leave_with(int(sys.argv[1]), every_s=0.01))"
# A parent that writes down its child's pid and then waits for its own end.
PARENT = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
pathlib.Path(sys.argv[2]).write_text(f"{child.pid} ")
time.sleep(600)
"""


@contextmanager
def told_of_sigterm() -> Iterator[asyncio.Event]:
    told, before = asyncio.Event(), signal.getsignal(signal.SIGTERM)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    yield told
    loop.remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)


async def test_a_process_whose_parent_is_another_ends_itself_in_order() -> None:
    with told_of_sigterm() as told:
        await leave_with(os.getpid())
        await told.wait()


async def test_a_process_stays_while_its_parent_does() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await leave_with(os.getppid(), every_s=0.001)


def test_a_child_leaves_when_its_parent_is_killed(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(written)])
    wait_until(lambda: written.exists() and written.read_text().endswith(" "))
    child = int(written.read_text())
    assert lives(child)

    parent.kill()
    parent.wait()

    wait_until(lambda: not lives(child))
