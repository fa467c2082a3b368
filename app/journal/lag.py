"""How far PostgreSQL is behind the journal of this host, as any process can tell."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import time

import asyncpg

from app.engine.records import Event
from app.journal.frames import CorruptFrame, read_frames
from app.journal.store import START, Position
from app.journal.streams import Segment, Stream, list_streams

PATIENCE_S = 0.5
_POSITIONS = "SELECT stream, segment, position FROM journal_positions WHERE stream = ANY ($1::text[])"
# Hardly a record is larger, and how long that one waits is told once it has been stored.
_LOOKED_AT_BYTES = 2**16


class JournalLag:
    """What of a folder is not stored: `bytes`, and `seconds` since the eldest such record was taken.

    Both are as of the last `look`. Where PostgreSQL does not answer, they rest on what it said last.
    """

    def __init__(self, journal_dir: Path, pool: asyncpg.Pool) -> None:
        self.bytes = 0
        self.seconds = 0.0
        self._journal_dir = journal_dir
        self._pool = pool
        self._stored: dict[str, Position] = {}

    async def look(self) -> None:
        """Look again. A server that is away is no error: the lag grows meanwhile."""
        streams = list_streams(self._journal_dir)
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await self._ask(streams)
        left = {one.folder.name: list(self._not_stored(one)) for one in streams}
        self.bytes = sum(segment.size - offset for own in left.values() for segment, offset in own)
        taken = [at_ms for own in left.values() if own and (at_ms := _taken_ms(*own[0])) is not None]
        self.seconds = max(0.0, time() - min(taken) / 1_000) if taken else 0.0

    async def _ask(self, streams: Sequence[Stream]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            rows = await self._pool.fetch(_POSITIONS, [stream.folder.name for stream in streams])
        self._stored = {stream: Position(segment, offset) for stream, segment, offset in rows}

    def _not_stored(self, stream: Stream) -> Iterator[tuple[Segment, int]]:
        stored = self._stored.get(stream.folder.name, START)
        for segment in stream.segments:
            offset = stored.offset if segment.number == stored.segment else 0
            if segment.number >= stored.segment and offset < segment.size:
                yield segment, offset


def _taken_ms(segment: Segment, offset: int) -> int | None:
    """Tell when the record at an offset was taken; None where no whole one can be read there."""
    # What has arrived is removed, perhaps just now; and what is no frame is damage, or is being written.
    with suppress(FileNotFoundError, CorruptFrame):
        for record, _ in read_frames(segment.read_from(offset, _LOOKED_AT_BYTES)):
            return record.received_ms if isinstance(record, Event) else record.at_ms
    return None
