import os
import signal
import sys
from pathlib import Path

import pytest

from app.kit.child import Child
from tests.waiting import lives, wait_until

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
# It says that it has begun by making a file, and will not hear of SIGTERM.
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
time.sleep(600)
"""


def test_the_child_ends_with_the_block() -> None:
    with Child(SLEEPS) as child:
        assert lives(child.pid)

    assert not lives(child.pid)


def test_a_child_that_ends_by_itself_is_started_again() -> None:
    with Child(SLEEPS, restart_s=0.01) as child:
        first = child.pid
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: child.pid != first)
        assert lives(child.pid)

    assert not lives(child.pid)


def test_a_child_that_ends_at_once_is_not_started_again_after_the_block() -> None:
    with Child([sys.executable, "-c", ""], restart_s=60) as child:
        wait_until(lambda: not lives(child.pid))
        last = child.pid

    assert child.pid == last


def test_a_child_that_cannot_be_started_again_is_tried_until_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program, elsewhere = tmp_path / "program", tmp_path / "elsewhere"
    program.symlink_to("/bin/sleep")
    with Child([str(program), "600"], restart_s=0.01) as child:
        first = child.pid
        program.rename(elsewhere)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: "cannot be started now: [Errno 2]" in caplog.text)
        elsewhere.rename(program)

        wait_until(lambda: child.pid != first)
        assert lives(child.pid)

    assert not lives(child.pid)


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with Child([sys.executable, "-c", STUBBORN, str(begun)], stop_s=0.1) as child:
        wait_until(begun.exists)

    assert not lives(child.pid)


def test_the_child_has_a_session_of_its_own() -> None:
    with Child(SLEEPS) as child:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
