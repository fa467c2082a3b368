import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from loadtests.speed.processes import children_of, command_of, cpu_ns, pin, pss_mib


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    waits = [sys.executable, "-c", "print('here', flush=True); input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_cpu_is_what_a_process_has_had() -> None:
    before = cpu_ns([os.getpid()])
    sum(range(3_000_000))
    assert cpu_ns([os.getpid()]) > before
    assert cpu_ns([]) == 0


def test_a_child_is_known_by_its_parent_and_by_its_command(child: subprocess.Popen[bytes]) -> None:
    assert child.pid in children_of(os.getpid())
    assert "input()" in command_of(child.pid)


def test_a_process_is_kept_to_a_core(child: subprocess.Popen[bytes]) -> None:
    core = max(os.sched_getaffinity(0))
    pin(child.pid, core)
    assert os.sched_getaffinity(child.pid) == {core}


def test_memory_is_at_least_that_of_an_interpreter(child: subprocess.Popen[bytes]) -> None:
    assert 1 < pss_mib(child.pid) < 1_000
