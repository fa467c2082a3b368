"""The journal folder: one stream of numbered segments for each process that writes."""

import os
import re
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import NamedTuple

from app.kit.ids import new_id

_STREAM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEGMENT = re.compile(r"([0-9]{8}|[1-9][0-9]{8,17})\.log")
_LOCK = "lock"
# What is left to others who need the same disk to go on, PostgreSQL above all: a twentieth of a small disk.
_KEPT_FREE_BYTES, _KEPT_FREE = 512 * 2**20, 20
# Records hold what visitors did: they are for the service's own user alone.
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class Segment(NamedTuple):
    """One file of a stream, as it was listed; where it is `closed` nothing is ever written to it again."""

    number: int
    path: Path
    size: int
    closed: bool

    def read_from(self, offset: int, limit: int | None = None) -> bytes:
        """Read from an offset to where the segment ended when it was listed, or so many bytes of that."""
        left = self.size - offset
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(left if limit is None else min(left, limit))


class Stream(NamedTuple):
    """One process's records, as they were listed: the segments in order, and whether the process is gone."""

    folder: Path
    segments: list[Segment]
    ended: bool


def make_stream(journal_dir: Path) -> tuple[Path, int]:
    """Make the folder of a new stream, and answer it with the lock that says that its writer lives.

    The folder gets its name only once it is locked: nobody can take a new stream for one whose writer died.
    """
    stream = new_id()
    hidden = journal_dir / f".{stream}"
    hidden.mkdir(_FOLDER_MODE, parents=True)
    lock = -1
    try:
        lock = os.open(hidden / _LOCK, os.O_RDWR | os.O_CREAT, _FILE_MODE)
        flock(lock, LOCK_EX | LOCK_NB)
        return hidden.rename(journal_dir / stream), lock
    except OSError:
        with suppress(OSError):
            os.close(lock)
        remove_stream(hidden)
        raise


def make_segment(folder: Path, number: int) -> int:
    """Make a segment that did not exist, to be appended to."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
    return os.open(folder / f"{number:08}.log", flags, _FILE_MODE)


def list_streams(journal_dir: Path) -> list[Stream]:
    """List the streams, the eldest first, while others write and remove them; all else is passed over."""
    listed = (_listed(folder) for folder in _folders_in(journal_dir))
    return [stream for stream in listed if stream.segments or (stream.folder / _LOCK).exists()]


def _listed(folder: Path) -> Stream:
    # Asked first, since only then all is there that a dead writer left. What has a successor is complete too.
    ended = _writer_has_ended(folder)
    found = sorted((number, path) for number, path in _segments_in(folder) if path.is_file())
    last = len(found) - 1
    segments = [
        Segment(number, path, _size_of(path), closed=ended or place < last)
        for place, (number, path) in enumerate(found)
    ]
    return Stream(folder, segments, ended)


def bytes_in(journal_dir: Path) -> int:
    """Measure the segments of all streams, while others write and remove them."""
    total = 0
    for folder in _folders_in(journal_dir):
        total += sum(_size_of(path) for _, path in _segments_in(folder))
    return total


def room_in(journal_dir: Path) -> int:
    """Measure how many bytes the folder's disk has left, beyond what is kept for others; may be below 0."""
    disk = os.statvfs(journal_dir)
    return disk.f_bavail * disk.f_frsize - min(_KEPT_FREE_BYTES, disk.f_blocks * disk.f_frsize // _KEPT_FREE)


def remove_stream(folder: Path) -> None:
    """Remove what is left of a stream that has neither a writer nor a segment."""
    (folder / _LOCK).unlink(missing_ok=True)
    # Something else may lie in it, which is not ours to remove.
    with suppress(OSError):
        folder.rmdir()


def _folders_in(journal_dir: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        found = (path for path in journal_dir.iterdir() if _STREAM.fullmatch(path.name))
        return sorted(path for path in found if path.is_dir())
    return []


def _segments_in(folder: Path) -> list[tuple[int, Path]]:
    with suppress(FileNotFoundError):
        paths = ((path, _SEGMENT.fullmatch(path.name)) for path in folder.iterdir())
        return [(int(match[1]), path) for path, match in paths if match]
    return []


def _size_of(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _writer_has_ended(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
