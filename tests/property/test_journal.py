"""Whatever happens to a journal's bytes, what is read is what was written, and in that order."""

from contextlib import suppress
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.engine.records import Record, TraitsSet
from app.journal.frames import CorruptFrame, encode_frame, find_frame, read_frames
from app.journal.parts import parts_of
from tests.unit.journal.journalled import assignment, event, inputs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
EVENTS = st.builds(
    event, TEXT, visitor=TEXT, properties=st.dictionaries(TEXT, JSON, max_size=3), trusted=st.booleans()
)
ASSIGNMENTS = st.builds(assignment, TEXT, stage=st.none() | TEXT, segments=st.lists(TEXT).map(tuple))
INPUTS = st.builds(inputs, TEXT, asked=JSON.map(msgspec.json.encode).map(msgspec.Raw))
TRAITS = st.builds(
    TraitsSet, st.just(1), TEXT, TEXT, st.dictionaries(TEXT, JSON, max_size=3), st.integers(0, 2**40)
)
RECORDS = st.lists(EVENTS | ASSIGNMENTS | INPUTS | TRAITS, max_size=8)


def bytes_of(records: list[Record]) -> bytes:
    return b"".join(encode_frame(record) for record in records)


def read(data: bytes, *, limit: int = 3, closed: bool = True) -> list[Record]:
    return [record for part in parts_of(data, 0, limit=limit, closed=closed) for record, _ in part.frames]


@given(records=RECORDS, limit=st.integers(1, 5), closed=st.booleans())
def test_what_was_written_is_read(*, records: list[Record], limit: int, closed: bool) -> None:
    assert read(bytes_of(records), limit=limit, closed=closed) == records


@given(RECORDS, st.data())
def test_a_cut_costs_the_frame_that_it_cuts_and_those_after_it(
    records: list[Record], data: st.DataObject
) -> None:
    whole = bytes_of(records)
    cut = data.draw(st.integers(0, len(whole)))
    kept = [record for record, end in read_frames(whole) if end <= cut]
    assert read(whole[:cut], closed=False) == read(whole[:cut], closed=True) == kept


@given(st.binary(max_size=200))
def test_garbage_is_no_record(garbage: bytes) -> None:
    assert read(garbage) == []


@given(RECORDS, st.binary(min_size=1, max_size=40), RECORDS)
def test_garbage_between_records_costs_none_of_them(
    before: list[Record], garbage: bytes, after: list[Record]
) -> None:
    assert read(bytes_of(before) + garbage + bytes_of(after)) == before + after


@given(RECORDS.filter(bool), st.data())
def test_a_changed_byte_costs_one_record_and_makes_up_none(
    records: list[Record], data: st.DataObject
) -> None:
    whole = bytearray(bytes_of(records))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    struck = next(number for number, (_, end) in enumerate(read_frames(bytes_of(records))) if place < end)
    assert read(bytes(whole)) == records[:struck] + records[struck + 1 :]


@given(records=RECORDS, garbage=st.binary(max_size=40), limit=st.integers(1, 5), closed=st.booleans())
def test_parts_leave_no_gap(*, records: list[Record], garbage: bytes, limit: int, closed: bool) -> None:
    data = bytes_of(records) + garbage
    reached = 0
    for part in parts_of(data, 0, limit=limit, closed=closed):
        assert data[reached : part.end] == part.damage or part.frames[-1][1] == part.end > reached
        reached = part.end
    assert reached == len(data) or not closed


@given(st.binary(max_size=100), st.integers(0, 100))
def test_no_bytes_make_reading_fail_in_another_way(data: bytes, start: int) -> None:
    with suppress(CorruptFrame):
        assert list(read_frames(data, start)) == []
    assert find_frame(data, start) is None


@given(EVENTS)
def test_a_frame_inside_what_a_visitor_sends_is_never_taken_for_one(forged: Record) -> None:
    sent = encode_frame(event(properties={"text": encode_frame(forged).decode("latin-1")}))
    assert find_frame(sent, 1) is None


class Edit(NamedTuple):
    """Damage: so many bytes at a place, both as parts of the whole, stand no more; others do instead."""

    place: float
    length: float
    instead: bytes

    def range_in(self, data: bytes) -> range:
        start = int(self.place * len(data))
        return range(start, start + int(self.length * (len(data) - start)))


PARTS = st.floats(0, 1)
EDITS = st.lists(st.builds(Edit, PARTS, st.sampled_from([0.0, 0.001, 0.1, 1.0]), st.binary(max_size=60)))


def damaged(whole: bytes, edits: list[Edit]) -> bytes:
    left, reached = b"", 0
    for start, edit in sorted((edit.range_in(whole).start, edit) for edit in edits):
        left += whole[reached:start] + edit.instead
        reached = max(reached, edit.range_in(whole).stop)
    return left + whole[reached:]


def stands_in(records: list[Record], whole: bytes, edits: list[Edit]) -> list[Record]:
    """List the records that no edit has touched; one beside another's bytes is touched too."""
    struck = [edit.range_in(whole) for edit in edits]
    left, start = [], 0
    for record, (_, end) in zip(records, read_frames(whole), strict=True):
        if all(one.stop <= start or one.start >= end for one in struck):
            left.append(record)
        start = end
    return left


@given(RECORDS, EDITS, st.integers(1, 5))
def test_damage_anywhere_costs_what_it_touches_and_makes_up_nothing(
    records: list[Record], edits: list[Edit], limit: int
) -> None:
    whole = bytes_of(records)
    found = [encode_frame(record) for record in read(damaged(whole, edits), limit=limit)]
    written = [encode_frame(record) for record in records]
    # What is read is what was written, byte for byte and in that order …
    assert is_within(found, written)
    # … and whatever no damage has touched is read, before, between and after.
    assert is_within([encode_frame(record) for record in stands_in(records, whole, edits)], found)


def is_within(some: list[bytes], others: list[bytes]) -> bool:
    left = iter(others)
    return all(one in left for one in some)


@given(records=RECORDS, edits=EDITS, cuts=st.lists(PARTS, max_size=4))
def test_a_segment_that_grows_while_it_is_read_is_read_as_if_at_once(
    *, records: list[Record], edits: list[Edit], cuts: list[float]
) -> None:
    data = damaged(bytes_of(records), edits)
    at_once, bit_by_bit, reached = read(data), [], 0
    for size in [*sorted(int(cut * len(data)) for cut in cuts), len(data)]:
        for part in parts_of(data[reached:size], reached, limit=3, closed=size == len(data)):
            bit_by_bit += [record for record, _ in part.frames]
            reached = part.end
    assert bit_by_bit == at_once
    assert reached == len(data)


@given(st.binary(max_size=400), st.integers(1, 3), st.booleans())
def test_arbitrary_bytes_are_damage_to_the_last_one(data: bytes, limit: int, closed: bool) -> None:  # noqa: FBT001 - hypothesis hands it in
    parts = list(parts_of(data, 0, limit=limit, closed=closed))
    assert all(not part.frames for part in parts)
    assert b"".join(part.damage for part in parts) == (data if closed else b"")
