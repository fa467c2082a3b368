"""The way of the journal to PostgreSQL: every record exactly once, whatever dies in between."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import asyncpg

from app.engine.records import Record, is_unheard
from app.journal.ahead import said_in
from app.journal.alone import alone
from app.journal.parts import Part, parts_of
from app.journal.refused import keep_bytes, keep_record
from app.journal.store import START, Batch, Fold, Moved, Position, Unstorable, store_batch
from app.journal.streams import Segment, Stream, list_streams, remove_stream
from app.kit import clock
from app.kit.collector import collector_paused
from app.storage.attempts import Attempts
from app.storage.partitions import ensure_partitions

BATCH_RECORDS = 20_000
IDLE_S = 0.025
# After the first failure; doubled with each that follows.
BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 5.0
# How long the rest may take once we are told to stop.
LAST_S = 5.0
# How often its patience a connection is kept that still has not done what it was lent for.
_CUT = 2
PARTITIONS_S, PARTITIONS_RETRY_S = 3_600.0, 60.0

_ANSWER = "SELECT 1"
_FORGET = "DELETE FROM journal_positions WHERE stream = $1"

_log = logging.getLogger(__name__)


class Shipper:
    """Carries the streams of a folder to PostgreSQL and removes what has arrived.

    `shipped` and `refused` count records; `lag_bytes` is what was not stored when last looked at. A batch
    is given up and tried again where a statement of it takes longer than `patience_s`.
    """

    def __init__(
        self, journal_dir: Path, pool: asyncpg.Pool, fold: Fold, *, patience_s: float = 30.0
    ) -> None:
        self.shipped = self.refused = self.lag_bytes = 0
        self._journal_dir = journal_dir
        self._pool = pool
        self._fold = fold
        self._patience_s = patience_s
        self._attempts = Attempts(_log, "shipping the journal")
        # What we believe. The truth is PostgreSQL's, and each batch compares the two.
        self._positions: dict[str, Position] = {}
        # What is known of consent ahead of PostgreSQL, as read in this turn.
        self._said: Sequence[Record] | None = None
        self._partitions_due = monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Ship until told to stop, then what is left, for at most `LAST_S`. No failure ends it."""
        async with asyncio.TaskGroup() as group:
            shipping = group.create_task(self._ship_until(stop))
            await stop.wait()
            await asyncio.wait({shipping}, timeout=LAST_S)
            shipping.cancel()

    async def _ship_until(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            failures = 0 if await self._turn() else failures + 1
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_after(failures))
        await self._turn()

    async def _turn(self) -> bool:
        # Whatever fails, the records are still in the journal and their place is known.
        with self._attempts as attempt:
            await self._keep_partitions()
            await self.ship_once()
        return not attempt.failed

    async def _keep_partitions(self) -> None:
        if monotonic() < self._partitions_due:
            return
        # Records find a place without them too, so a failure holds up nothing but the next try.
        self._partitions_due = monotonic() + PARTITIONS_RETRY_S
        async with self._connection() as connection:
            await ensure_partitions(connection, clock.now().date())
        self._partitions_due = monotonic() + PARTITIONS_S

    async def ship_once(self) -> int:
        """Ship all that is in the streams now, and answer how many records that was.

        Waits while another shipper works on the folder. Raises asyncpg's errors and OSError; what is not
        stored by then is shipped the next time.
        """
        async with alone(self._journal_dir):
            before, self._said = self.shipped, None
            streams = list_streams(self._journal_dir)
            self._look_at(streams)
            for stream in streams:
                await self._ship_stream(stream)
            self._look_at(streams)
            return self.shipped - before

    def mark(self) -> Callable[[], bool]:
        """Note how far the streams reach now, and answer what tells whether all of that is stored."""
        ends = {
            stream.folder: Position(stream.segments[-1].number, stream.segments[-1].size)
            for stream in list_streams(self._journal_dir)
            if stream.segments
        }
        # A stream that is finished and stored is removed.
        return lambda: all(
            self._positions.get(folder.name, START) >= end or not folder.exists()
            for folder, end in ends.items()
        )

    def _look_at(self, streams: list[Stream]) -> None:
        names = {stream.folder.name for stream in streams}
        self._positions = {name: at for name, at in self._positions.items() if name in names}
        self.lag_bytes = self._unstored(streams)

    def _unstored(self, streams: list[Stream]) -> int:
        return sum(
            max(0, segment.size - self._offset_in(stream.folder.name, segment))
            for stream in streams
            for segment in stream.segments
        )

    def _offset_in(self, stream: str, segment: Segment) -> int:
        """Tell up to where a segment is stored, as we believe."""
        position = self._positions.get(stream, START)
        if position.segment > segment.number:
            return segment.size
        return position.offset if position.segment == segment.number else 0

    async def _ship_stream(self, stream: Stream) -> None:
        try:
            for segment in stream.segments:
                await self._ship_segment(stream.folder.name, segment)
        except Moved as moved:
            # We have just started, another shipper was here, or a commit was done whose answer never came.
            self._positions[stream.folder.name] = moved.position
            await self._ship_stream(stream)
        else:
            await self._tidy(stream)

    async def _ship_segment(self, stream: str, segment: Segment) -> None:
        start = self._offset_in(stream, segment)
        if start >= segment.size:
            return
        data = segment.read_from(start)
        parts = parts_of(data, start, limit=BATCH_RECORDS, closed=segment.closed)
        part = next(parts, None)
        while part is not None:
            if part.damage:
                self._set_aside(stream, segment, part)
            with collector_paused():
                # What comes next is read while PostgreSQL works.
                part, _ = await asyncio.gather(
                    asyncio.to_thread(next, parts, None), self._store(stream, segment.number, part)
                )

    def _set_aside(self, stream: str, segment: Segment, part: Part) -> None:
        kept = keep_bytes(self._journal_dir, stream, segment.number, part)
        torn = segment.closed and part.end == segment.size
        what = "the end that its writer left torn" if torn else "no record"
        size, place = len(part.damage), part.end - len(part.damage)
        _log.error("%s bytes at byte %s of %s are %s; kept in %s", size, place, segment.path, what, kept)

    async def _store(self, stream: str, segment: int, part: Part) -> None:
        begin, end = self._positions.get(stream, START), Position(segment, part.end)
        records = [record for record, _ in part.frames]
        batch = Batch(stream, begin, end, records, await self._said_for(records))
        try:
            async with self._connection() as connection:
                await store_batch(connection, batch, self._fold, self._patience_s)
        except Unstorable as error:
            await self._store_apart(stream, segment, part, str(error))
        else:
            self._positions[stream] = end
            self.shipped += len(batch.records)

    async def _said_for(self, records: Sequence[Record]) -> Sequence[Record] | None:
        """Read all that the journal says of consent, once a turn; None where no record waits for that."""
        if not any(map(is_unheard, records)):
            return None
        if self._said is None:
            # All that waits would be read for nothing, at each try, while nobody answers there.
            async with self._connection() as connection:
                await connection.execute(_ANSWER)
            self._said = await self._read_ahead()
        return self._said

    async def _read_ahead(self) -> list[Record]:
        said: list[Record] = []
        for stream in list_streams(self._journal_dir):
            for segment in stream.segments:
                offset = self._offset_in(stream.folder.name, segment)
                said += await asyncio.to_thread(said_in, segment, offset)
        return said

    async def _store_apart(self, stream: str, segment: int, part: Part, reason: str) -> None:
        """Halve a part until the record that is refused stands alone, and go on without it."""
        middle = len(part.frames) // 2
        if middle:
            await self._store(stream, segment, Part(part.frames[middle - 1][1], part.frames[:middle]))
            await self._store(stream, segment, Part(part.end, part.frames[middle:]))
            return
        kept = keep_record(self._journal_dir, stream, part.frames[0][0], reason)
        _log.error("PostgreSQL refuses a record of stream %s; it is kept in %s", stream, kept)
        await self._store(stream, segment, Part(part.end, ()))
        self.refused += 1

    async def _tidy(self, stream: Stream) -> None:
        """Remove what has arrived: segments first, then the position of a stream that is finished."""
        name = stream.folder.name
        arrived = [one for one in stream.segments if one.closed and self._offset_in(name, one) >= one.size]
        for segment in arrived:
            segment.path.unlink()
        if stream.ended and len(arrived) == len(stream.segments):
            # Its folder goes last: should we die in between, it still says that there is a row to remove.
            async with self._connection() as connection:
                await connection.execute(_FORGET, name)
            remove_stream(stream.folder)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._pool.acquire(timeout=self._patience_s) as connection:
            # A server that is gone without a word would not answer a ROLLBACK either: the connection is cut.
            impatience = asyncio.get_running_loop().call_later(_CUT * self._patience_s, connection.terminate)
            try:
                yield connection  # type: ignore[misc] # what a pool lends is a connection in all but its type
            finally:
                impatience.cancel()


def pause_after(failures: int) -> float:
    """Tell how many seconds to wait before the next turn."""
    if not failures:
        return IDLE_S
    return min(BACKOFF_S * 2.0 ** min(failures - 1, 10), LONGEST_BACKOFF_S)
