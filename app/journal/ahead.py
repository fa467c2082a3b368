"""What visitors have said that stands in the journal and may not be stored yet, whichever worker heard it."""

from app.engine.records import ConsentSaid, Merge, Record, Unmerge
from app.journal.parts import parts_of
from app.journal.streams import Segment

# So few that they need little room until it is seen what they are.
_AT_ONCE = 1_000


def said_in(segment: Segment, offset: int) -> list[Record]:
    """List what is said of consent from an offset on, and the merges that bring it to others."""
    if offset >= segment.size:
        return []
    return [
        record
        for part in parts_of(segment.read_from(offset), offset, limit=_AT_ONCE, closed=segment.closed)
        for record, _ in part.frames
        if isinstance(record, ConsentSaid | Merge | Unmerge)
    ]
