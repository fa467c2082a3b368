"""Faults of the journal's files."""

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.journal.streams import Stream, list_streams
from tests.faults.scene import Fault, NotInjectedError, Scene
from tests.faults.service import send

FULL_S = 1.5
# A header that promises more than follows it.
_HALF_A_FRAME = b"\x00\x00\x02\x00" + b"\x12\x34\x56\x78" + b'{"kind":"event","site":1,"visi'
_GARBAGE = bytes(range(256))


async def fill_disk(scene: Scene) -> None:
    """Let no worker's file grow any more, so that a record is cut off half-way; then let them again."""
    streams = await asyncio.to_thread(list_streams, scene.service.journal_dir)
    largest = max((one.size for stream in streams for one in stream.segments), default=0)
    # A few bytes beyond: what is written next is taken in part, as on a disk that fills up.
    with ExitStack() as full:
        for worker in scene.service.workers():
            full.enter_context(_no_larger(worker, largest + scene.random.randrange(400)))
        await asyncio.sleep(FULL_S)


@contextmanager
def _no_larger(pid: int, size: int) -> Iterator[None]:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


async def tear_segment(scene: Scene) -> None:
    """Kill a worker and leave its last segment torn, before the shipper has seen the end of it."""
    shipper = scene.service.shipper()
    if shipper is None:
        raise NotInjectedError("there is no shipper")
    send([shipper], signal.SIGSTOP)
    try:
        await asyncio.sleep(0.5)
        worker = scene.random.choice(scene.service.workers())
        scene.service.kill([worker])
        await scene.service.until(lambda: _is_gone(worker))
        _tear(_left_behind(scene), scene.turn)
    finally:
        send([shipper], signal.SIGCONT)


async def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _left_behind(scene: Scene) -> Stream:
    ended = [one for one in list_streams(scene.service.journal_dir) if one.ended and one.segments]
    if not ended:
        raise NotInjectedError("the worker has left no segment behind")
    return ended[-1]


def _tear(stream: Stream, turn: int) -> None:
    """Add half a frame, garbage, or garbage and then all of the segment's records once more."""
    segment = stream.segments[-1]
    whole = segment.read_from(0)
    torn = (_HALF_A_FRAME, _GARBAGE, _GARBAGE + whole, whole[: len(whole) // 2])[turn % 4]
    with segment.path.open("ab") as file:
        file.write(torn)


DISK = (
    Fault("disk-full", "disk full", fill_disk),
    Fault("segment-torn", "torn segment", tear_segment),
)
