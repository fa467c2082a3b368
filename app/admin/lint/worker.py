"""The process that looks at documents: it reads what to look at, writes what it found, until nobody asks.

The solver holds the interpreter's lock for as long as it thinks, and decisions must not wait for it.
"""

import sys
from datetime import datetime
from time import time
from typing import Any, BinaryIO

import msgspec

from app.admin.lint.check import check
from app.admin.lint.finding import Report
from app.engine.problems import Problem, Problems

SIZE_BYTES = 8
"""Each message is its length, big-endian, and then JSON of that length."""
READY = b"\n"
"""Comes before all answers: the solver has been loaded, which takes long on a core that others want."""


class Task(msgspec.Struct, frozen=True):
    """A document, the instant from which its visitors come, and when to end, in seconds since 1970."""

    document: dict[str, Any]
    now: datetime
    ends_at: float


class Outcome(msgspec.Struct, frozen=True):
    """What was found; without a report, what is wrong with the document."""

    report: Report | None = None
    problems: tuple[Problem, ...] = ()


def work(task: Task) -> Outcome:
    """Look at a document."""
    try:
        return Outcome(check(task.document, task.now, within_s=task.ends_at - time()))
    except Problems as error:
        return Outcome(problems=error.problems)


def run(source: BinaryIO, target: BinaryIO) -> None:
    """Do one task after the other, until the source ends."""
    target.write(READY)
    target.flush()
    while size := source.read(SIZE_BYTES):
        task = msgspec.json.decode(source.read(int.from_bytes(size)), type=Task)
        answer = msgspec.json.encode(work(task))
        target.write(len(answer).to_bytes(SIZE_BYTES) + answer)
        target.flush()


if __name__ == "__main__":
    run(sys.stdin.buffer, sys.stdout.buffer)
