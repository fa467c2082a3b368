"""The journal that every answer goes through: a record is in a file before the answer leaves."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from app.engine.records import Record
from app.journal.frames import encode_frame
from app.journal.group import GroupCommit
from app.journal.streams import bytes_in, room_in
from app.journal.writer import StreamWriter

SEGMENT_BYTES = 16 * 2**20
MAX_BYTES = 2**30
# How long a journal that failed rests, and how old its knowledge of the folder's size may grow.
REST_S = 1.0
# How long the log says nothing more of a journal that takes no records.
TOLD_S = 60.0

_log = logging.getLogger(__name__)


class JournalUnavailable(Exception):  # noqa: N818 - named for what is the case, as the caller reads it
    """The journal took none of the records: the disk is full, say, or the bound is reached."""


class FileJournal:
    """Decision's journal, in files: one stream for this process until `close`.

    What was taken outlives this process; with `power_safe` it outlives the loss of power too, for which an
    answer waits for the disk. `max_bytes` bounds all streams of the folder together; what other processes
    write counts within a second, and so does what others take of the disk, of which some is left to them.
    `records` and `bytes` count what was taken, `refused` the appends that were not; why, the log says once in
    `TOLD_S` seconds.
    """

    def __init__(
        self,
        journal_dir: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_BYTES,
        power_safe: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.records = self.bytes = self.refused = 0
        self._journal_dir = journal_dir
        self._max_bytes = max_bytes
        self._clock = clock
        self._writer = StreamWriter(journal_dir, segment_bytes)
        self._group = GroupCommit(self._write, self._sync) if power_safe else None
        self._used_bytes, self._room_bytes, self._measured_at = 0, 0, float("-inf")
        self._rests_until = self._silent_until = float("-inf")
        try:
            self._writer.open()
        except OSError as error:
            # A service that cannot write can still decide: no reason not to start, and it is tried again.
            self._rest(error)

    @property
    def healthy(self) -> bool:
        """Whether a record would be taken now, as far as can be known without writing one."""
        try:
            self._measure()
        except OSError:
            return False
        return (
            self._clock() >= self._rests_until and self._used_bytes < self._max_bytes and self._room_bytes > 0
        )

    async def append(self, records: Sequence[Record]) -> None:
        """Write all records at once; they are durable when this returns.

        Raises:
            JournalUnavailable: none of the records was taken.
            ValueError: one of them can be in no journal, and none was taken.

        """
        if not records:
            return
        data = b"".join([encode_frame(record) for record in records])
        try:
            if self._group is None:
                self._write(data)
            else:
                await self._group.append(data)
        except JournalUnavailable:
            self.refused += 1
            raise
        self.records += len(records)
        self.bytes += len(data)

    def _write(self, data: bytes) -> None:
        if self._clock() < self._rests_until:
            raise JournalUnavailable(f"{self._journal_dir}: rests after a failed write")
        try:
            self._writer.open()
            self._measure()
            if self._used_bytes + len(data) > self._max_bytes:
                raise self._refusal(f"the bound of {self._max_bytes} bytes is reached")
            if len(data) > self._room_bytes:
                raise self._refusal("what the disk has left is for others")
            self._writer.write(data)
        except OSError as error:
            raise self._rest(error) from error
        self._used_bytes += len(data)
        self._room_bytes -= len(data)

    def _sync(self) -> None:
        try:
            self._writer.sync()
        except OSError as error:
            raise self._rest(error) from error

    def _measure(self) -> None:
        now = self._clock()
        if now - self._measured_at >= REST_S:
            self._used_bytes, self._room_bytes = bytes_in(self._journal_dir), room_in(self._journal_dir)
            self._measured_at = now

    def _rest(self, error: OSError) -> JournalUnavailable:
        # A full disk is not asked again for every page: each try costs a segment that is left behind.
        self._rests_until = self._clock() + REST_S
        return self._refusal(str(error))

    def _refusal(self, why: str) -> JournalUnavailable:
        if self._clock() >= self._silent_until:
            self._silent_until = self._clock() + TOLD_S
            _log.error("the journal takes no records: %s: %s", self._journal_dir, why)
        return JournalUnavailable(f"{self._journal_dir}: {why}")

    def close(self) -> None:
        """Let the shipper finish this stream; nothing can be appended any more."""
        self._rests_until = float("inf")
        if self._group is not None:
            self._group.close()
        self._writer.close()
