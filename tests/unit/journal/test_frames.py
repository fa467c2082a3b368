"""Records as bytes."""

import zlib
from struct import pack

import msgspec
import pytest

from app.engine.records import Inputs, Record
from app.journal.frames import PAYLOAD_LIMIT, CorruptFrame, encode_frame, find_frame, read_frames
from tests.unit.journal.journalled import event, inputs, one_of_each


def frame_of(payload: bytes) -> bytes:
    return pack(">II", len(payload), zlib.crc32(payload)) + payload


def records_in(data: bytes, start: int = 0) -> list[Record]:
    return [record for record, _ in read_frames(data, start)]


@pytest.mark.parametrize("record", [*one_of_each(), event(trusted=True, profile_only=True)])
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert records_in(encode_frame(record)) == [record]


@pytest.mark.parametrize("asked", [b"null", b"[]", '{ "ä" :\t[1.0, 1e2,"\\u0041"],"ä":2 }'.encode()])
def test_what_a_decision_was_taken_on_comes_back_byte_for_byte(asked: bytes) -> None:
    [read] = records_in(encode_frame(inputs(asked=msgspec.Raw(asked))))
    assert isinstance(read, Inputs)
    assert bytes(read.asked) == asked


def test_what_was_read_outlives_the_bytes_it_was_read_from() -> None:
    data = encode_frame(inputs()) + encode_frame(inputs(asked=msgspec.Raw(b"[7]")))
    [_, read] = records_in(data)
    del data
    assert isinstance(read, Inputs)
    assert bytes(read.asked) == b"[7]"


def test_each_record_comes_with_the_offset_after_it() -> None:
    first, second = encode_frame(event("e-1")), encode_frame(event("e-2"))
    assert [end for _, end in read_frames(first + second)] == [len(first), len(first) + len(second)]


def test_reading_goes_on_where_it_left_off() -> None:
    first = encode_frame(event("e-1"))
    assert records_in(first + encode_frame(event("e-2")), len(first)) == [event("e-2")]


def test_a_frame_that_is_not_all_there_yet_is_the_end() -> None:
    whole, half = encode_frame(event("e-1")), encode_frame(event("e-2"))
    for cut in range(len(half)):
        assert records_in(whole + half[:cut]) == [event("e-1")]


def test_a_changed_byte_is_told_with_its_place() -> None:
    first = encode_frame(event("e-1"))
    changed = first + encode_frame(event("e-2")).replace(b"page_viewed", b"page_wieved")
    with pytest.raises(CorruptFrame, match=f"no frame at byte {len(first)}: its checksum differs") as caught:
        records_in(changed)
    assert caught.value.offset == len(first)


def test_zeros_are_no_frame() -> None:
    with pytest.raises(CorruptFrame, match="its length is 0"):
        records_in(bytes(16))


def test_nothing_longer_than_the_limit_is_waited_for() -> None:
    with pytest.raises(CorruptFrame, match="its length is 16777216"):
        records_in(pack(">II", PAYLOAD_LIMIT + 1, 0))


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b'{"kind":"event"}',
        b'{"kind":"rumour","site":1}',
        b'{"kind":"event","site":1,"visitor":"\xff"}',
        b'{"kind":"event","properties":' + b"[" * 100_000,
    ],
)
def test_a_whole_frame_that_holds_no_record_is_no_frame(payload: bytes) -> None:
    with pytest.raises(CorruptFrame):
        records_in(frame_of(payload))


def test_a_record_over_the_limit_is_not_written() -> None:
    with pytest.raises(ValueError, match="over the journal's limit of 16777215"):
        encode_frame(event(properties={"text": "x" * PAYLOAD_LIMIT}))


def test_a_record_that_is_nested_too_deeply_is_not_written() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ValueError, match="nested too deeply"):
        encode_frame(event(properties={"nested": nested}))


def test_the_next_frame_is_found_behind_damage() -> None:
    damage, whole = b"\x00\x00\x00\x07garbage" + bytes(50), encode_frame(event())
    assert find_frame(damage + whole, 0) == len(damage)


def test_no_frame_is_found_where_none_is_whole() -> None:
    whole = encode_frame(event())
    changed = whole.replace(b"page_viewed", b"page_wieved")
    assert find_frame(changed + bytes(50) + whole[:-1], 0) is None


def test_no_frame_is_found_before_the_place_to_start_from() -> None:
    assert find_frame(encode_frame(event()), 1) is None


def test_what_a_visitor_sends_cannot_pass_for_a_frame() -> None:
    forged = encode_frame(event("forged")).decode("latin-1")
    sent = encode_frame(event(properties={"text": forged}))
    assert find_frame(sent[:-1], 1) is None


def test_every_payload_starts_with_what_is_looked_for() -> None:
    for record in one_of_each():
        assert msgspec.json.encode(record).startswith(b'{"kind":')
