"""A segment in parts."""

from collections.abc import Sequence

from app.engine.records import Record
from app.journal.frames import encode_frame
from app.journal.parts import Part, parts_of
from tests.unit.journal.journalled import event

FIRST, SECOND, THIRD = (event(name) for name in ("e-1", "e-2", "e-3"))


def bytes_of(*records: Record) -> bytes:
    return b"".join(encode_frame(record) for record in records)


def records_of(parts: Sequence[Part]) -> list[list[Record]]:
    return [[record for record, _ in part.frames] for part in parts]


def test_no_part_has_more_records_than_the_limit() -> None:
    parts = list(parts_of(bytes_of(FIRST, SECOND, THIRD), 0, limit=2, closed=False))
    assert records_of(parts) == [[FIRST, SECOND], [THIRD]]


def test_offsets_are_those_of_the_segment() -> None:
    data = bytes_of(FIRST, SECOND)
    [part] = parts_of(data, 1_000, limit=5, closed=False)
    assert [end for _, end in part.frames] == [1_000 + len(data) // 2, 1_000 + len(data)]
    assert part.end == 1_000 + len(data)


def test_a_last_frame_may_still_be_completed_while_the_segment_is_open() -> None:
    torn = bytes_of(FIRST, SECOND)[:-1]
    assert records_of(list(parts_of(torn, 0, limit=5, closed=False))) == [[FIRST]]


def test_an_open_segment_may_hold_no_whole_frame_yet() -> None:
    assert list(parts_of(bytes_of(FIRST)[:5], 0, limit=5, closed=False)) == []


def test_the_torn_end_of_a_closed_segment_is_damage() -> None:
    torn = bytes_of(FIRST, SECOND)[:-1]
    whole = len(bytes_of(FIRST))
    [_, damage] = parts_of(torn, 0, limit=5, closed=True)
    assert damage == Part(len(torn), (), torn[whole:])


def test_damage_costs_no_frame_but_its_own() -> None:
    damaged = bytes_of(SECOND).replace(b"page_viewed", b"page_wieved")
    parts = list(parts_of(bytes_of(FIRST) + damaged + bytes_of(THIRD), 0, limit=5, closed=False))
    assert records_of(parts) == [[FIRST], [], [THIRD]]
    assert [part.damage for part in parts] == [b"", damaged, b""]


def test_damage_is_told_from_a_limit_that_ends_just_there() -> None:
    damaged = bytes(20)
    parts = list(parts_of(bytes_of(FIRST) + damaged + bytes_of(SECOND), 0, limit=1, closed=False))
    assert [part.damage for part in parts] == [b"", damaged, b""]
