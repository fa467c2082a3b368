"""What is heard of a segment before it is stored."""

from pathlib import Path

import pytest

from app.engine.records import ConsentSaid, Merge, Record, Unmerge
from app.journal.ahead import said_in
from app.journal.frames import encode_frame
from app.journal.streams import Segment
from tests.unit.journal.journalled import event, one_of_each


def written(folder: Path, *frames: bytes) -> Segment:
    path = folder / "00000001.log"
    path.write_bytes(b"".join(frames))
    return Segment(1, path, path.stat().st_size, closed=False)


@pytest.fixture
def each() -> list[Record]:
    return one_of_each()


def test_of_all_records_those_are_heard_that_bear_on_consent(tmp_path: Path, each: list[Record]) -> None:
    said = said_in(written(tmp_path, *map(encode_frame, each)), 0)

    assert said == [record for record in each if isinstance(record, ConsentSaid | Merge | Unmerge)]
    assert len(said) == 3


def test_what_stands_before_the_offset_is_left_out(tmp_path: Path, each: list[Record]) -> None:
    first, second = b"".join(map(encode_frame, each)), b"".join(map(encode_frame, each[:4]))
    segment = written(tmp_path, first, second)

    assert len(said_in(segment, len(first))) == 1
    assert said_in(segment, segment.size) == []


def test_damage_and_what_is_not_all_there_yet_are_passed_over(tmp_path: Path, each: list[Record]) -> None:
    frames = b"".join(map(encode_frame, each))

    assert len(said_in(written(tmp_path, bytes(50), frames, encode_frame(event())[:-1]), 0)) == 3
