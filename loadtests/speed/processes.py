"""What the system says of processes: their CPU, their memory, the cores they may run on."""

import os
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")


def cpu_ns(pids: Iterable[int]) -> int:
    """Add up the CPU that processes have had so far, all threads, kernel included."""
    return sum(int((task / "schedstat").read_text().split()[0]) for pid in pids for task in _tasks_of(pid))


def pin(pid: int, core: int) -> None:
    """Let a process, with every thread that it has, run on one core alone."""
    for task in _tasks_of(pid):
        os.sched_setaffinity(int(task.name), {core})


def children_of(pid: int) -> list[int]:
    """List the processes that a process has started and that live."""
    return [int(child) for task in _tasks_of(pid) for child in (task / "children").read_text().split()]


def command_of(pid: int) -> str:
    """Read how a process was started."""
    return (_PROC / str(pid) / "cmdline").read_text().replace("\0", " ")


def pss_mib(pid: int) -> float:
    """Measure the memory of a process, of what it shares its share."""
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _tasks_of(pid: int) -> list[Path]:
    return [*(_PROC / str(pid) / "task").iterdir()]
