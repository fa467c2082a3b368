"""What visitors have said that stands in the journal and may not be stored yet, whichever worker heard it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app.engine.records import ConsentSaid, Merge, Record, Unmerge
from app.journal.parts import parts_of
from app.journal.streams import Segment, list_streams

# So few that they need little room until it is seen what they are.
_AT_ONCE = 1_000


def said_ahead(journal_dir: Path, offset_in: Callable[[str, Segment], int]) -> list[Record]:
    """List all that was said of consent, and the merges that bring it to others, from some offsets on."""
    return [
        record
        for stream in list_streams(journal_dir)
        for segment in stream.segments
        for record in _records_of(segment, offset_in(stream.folder.name, segment))
        if isinstance(record, ConsentSaid | Merge | Unmerge)
    ]


def _records_of(segment: Segment, offset: int) -> Iterator[Record]:
    if offset < segment.size:
        data = segment.read_from(offset)
        for part in parts_of(data, offset, limit=_AT_ONCE, closed=segment.closed):
            yield from (record for record, _ in part.frames)
