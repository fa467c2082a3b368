"""Whatever happens to a journal's bytes, what is read is what was written, and in that order."""

from contextlib import suppress

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
