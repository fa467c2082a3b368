"""A segment in parts that are stored one by one: runs of whole frames, and the damage between them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from app.engine.records import Record
from app.journal.frames import CorruptFrame, find_frame, read_frames


class Part(NamedTuple):
    """A stretch of a segment up to `end`: records, each with the offset after it, or else damage."""

    end: int
    frames: Sequence[tuple[Record, int]]
    damage: bytes = b""


def parts_of(data: bytes, offset: int, *, limit: int, closed: bool) -> Iterator[Part]:
    """Cut what stands at an offset of a segment into parts of at most `limit` records, without a gap.

    What may still be completed at the end is left out, unless the segment is closed: then it is damage.
    """
    start = 0
    while start < len(data):
        frames = list(islice(_whole_frames(data, start), limit))
        if frames:
            start = frames[-1][1]
            yield Part(offset + start, [(record, offset + end) for record, end in frames])
        if len(frames) < limit and start < len(data):
            end = find_frame(data, start + 1) or (len(data) if closed else start)
            if end == start:
                return
            yield Part(offset + end, (), data[start:end])
            start = end


def _whole_frames(data: bytes, start: int) -> Iterator[tuple[Record, int]]:
    with suppress(CorruptFrame):
        yield from read_frames(data, start)
