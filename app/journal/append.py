"""The journal that every answer goes through: a record is in a file before the answer leaves."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from app.engine.records import Record
from app.journal.frames import encode_frame
from app.journal.streams import bytes_in
from app.journal.writer import StreamWriter

SEGMENT_BYTES = 16 * 2**20
MAX_BYTES = 2**30
# How long a journal that failed rests, and how old its knowledge of the folder's size may grow.
REST_S = 1.0

_log = logging.getLogger(__name__)


class JournalUnavailable(Exception):  # noqa: N818 - named for what is the case, as the caller reads it
    """The journal took none of the records: the disk is full, say, or the bound is reached."""


class FileJournal:
    """Decision's journal, in files: one stream for this process until `close`.

    `max_bytes` bounds all streams of the folder together; what other processes write counts within a second.
    `records` and `bytes` count what was taken, `refused` the appends that were not.
    """

    def __init__(
        self,
        journal_dir: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.records = self.bytes = self.refused = 0
        self._journal_dir = journal_dir
        self._max_bytes = max_bytes
        self._clock = clock
        self._writer = StreamWriter(journal_dir, segment_bytes)
        self._used_bytes, self._measured_at = 0, float("-inf")
        self._rests_until = float("-inf")
        try:
            self._writer.open()
        except OSError as error:
            # A service that cannot write can still decide: no reason not to start, and it is tried again.
            self._rest(error)

    @property
    def healthy(self) -> bool:
        """Whether a record would be taken now, as far as can be known without writing one."""
        return self._clock() >= self._rests_until and self._used() < self._max_bytes

    async def append(self, records: Sequence[Record]) -> None:
        """Write all records at once; they outlive this process when this returns.

        Raises:
            JournalUnavailable: none of the records was taken.
            ValueError: one of them can be in no journal, and none was taken.

        """
        if not records:
            return
        data = b"".join([encode_frame(record) for record in records])
        try:
            self._write(data)
        except JournalUnavailable:
            self.refused += 1
            raise
        self.records += len(records)
        self.bytes += len(data)

    def _write(self, data: bytes) -> None:
        if self._clock() < self._rests_until:
            raise JournalUnavailable(f"{self._journal_dir}: rests after a failed write")
        try:
            if self._used() + len(data) > self._max_bytes:
                raise JournalUnavailable(
                    f"{self._journal_dir}: the bound of {self._max_bytes} bytes is reached"
                )
            self._writer.write(data)
        except OSError as error:
            self._rest(error)
            raise JournalUnavailable(str(error)) from error
        self._used_bytes += len(data)

    def _used(self) -> int:
        now = self._clock()
        if now - self._measured_at >= REST_S:
            self._used_bytes, self._measured_at = bytes_in(self._journal_dir), now
        return self._used_bytes

    def _rest(self, error: OSError) -> None:
        # A full disk is not asked again for every page: each try costs a segment that is left behind.
        self._rests_until = self._clock() + REST_S
        _log.error("the journal takes no records for %s s: %s", REST_S, error)

    def close(self) -> None:
        """Let the shipper finish this stream; nothing can be appended any more."""
        self._rests_until = float("inf")
        self._writer.close()
