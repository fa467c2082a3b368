"""One process's stream, written: whole appends, in segments that are rolled and never written to twice."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from app.journal.streams import make_segment, make_stream


class StreamWriter:
    """Appends to a stream of its own, which is locked from `open` to `close`. Any call may raise OSError."""

    def __init__(self, journal_dir: Path, segment_bytes: int) -> None:
        self._journal_dir = journal_dir
        self._segment_bytes = segment_bytes
        self._stream: tuple[Path, int] | None = None
        self._file: int | None = None
        self._number = self._offset = self._synced = 0

    def open(self) -> Path:
        """Make the stream unless it is there, and answer its folder."""
        if self._stream is None:
            self._stream = make_stream(self._journal_dir)
        return self._stream[0]

    def write(self, data: bytes) -> None:
        """Append all of it; where it raises, none of it counts."""
        file = self._file_for(len(data))
        try:
            _write_all(file, data)
        except OSError:
            self._abandon_segment(file, self._offset)
            raise
        self._offset += len(data)

    def sync(self) -> None:
        """Have the disk hold all that was written; where it raises, nothing since the last time counts.

        Nothing may be written meanwhile.
        """
        if self._file is None or self._stream is None:
            return
        try:
            os.fdatasync(self._file)
            if not self._synced:
                # A file whose name is lost is lost too.
                for folder in (self._stream[0], self._journal_dir):
                    _sync_folder(folder)
        except OSError:
            # The kernel may have dropped what it could not write, and would not say so a second time.
            self._abandon_segment(self._file, self._synced)
            raise
        self._synced = self._offset

    def _file_for(self, coming: int) -> int:
        is_full = self._offset > 0 and self._offset + coming > self._segment_bytes
        if self._file is None or is_full:
            # Counted first, so that a number whose file cannot be made is not tried for ever.
            self._number += 1
            file = make_segment(self.open(), self._number)
            self._leave_segment()
            self._file, self._offset, self._synced = file, 0, 0
        return self._file

    def _abandon_segment(self, file: int, end: int) -> None:
        # A shipper may have read what is cut off here. So no other bytes may ever stand in that place: what
        # comes next goes into a new segment, and if the cut fails too, the rest is the torn end of this one.
        with suppress(OSError):
            os.ftruncate(file, end)
        self._leave_segment()

    def _leave_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        """Let go of the stream: the shipper may finish it."""
        self._leave_segment()
        if self._stream is not None:
            os.close(self._stream[1])
            self._stream = None


def _write_all(file: int, data: bytes) -> None:
    # One write and no second try: a part alone means that the disk is full.
    if os.write(file, data) < len(data):
        raise OSError(errno.ENOSPC, "only a part of the records was taken")


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
