"""The journal folder."""

import os
import resource
from pathlib import Path

import pytest

from app.journal import streams
from app.journal.streams import (
    Stream,
    bytes_in,
    list_streams,
    make_segment,
    make_stream,
    remove_stream,
    room_in,
)
from tests.unit.journal.limits import limited


def make(journal_dir: Path, *sizes: int) -> tuple[Path, int]:
    folder, lock = make_stream(journal_dir)
    for number, size in enumerate(sizes, 1):
        os.close(make_segment(folder, number))
        (folder / f"{number:08}.log").write_bytes(bytes(size))
    return folder, lock


def the_stream(journal_dir: Path) -> Stream:
    [stream] = list_streams(journal_dir)
    return stream


def test_there_may_be_no_folder_yet(tmp_path: Path) -> None:
    assert list_streams(tmp_path / "none") == []
    assert bytes_in(tmp_path / "none") == 0


def test_streams_are_listed_from_the_eldest(tmp_path: Path) -> None:
    made = [make(tmp_path)[0] for _ in range(3)]
    assert [stream.folder for stream in list_streams(tmp_path)] == made


def test_segments_are_listed_in_order_with_their_sizes(tmp_path: Path) -> None:
    folder, _ = make(tmp_path, 5, 0, 7)
    os.close(make_segment(folder, 123_456_789))
    listed = the_stream(tmp_path).segments
    assert [(segment.number, segment.size) for segment in listed] == [
        (1, 5),
        (2, 0),
        (3, 7),
        (123_456_789, 0),
    ]


def test_only_the_last_segment_of_a_living_writer_is_open(tmp_path: Path) -> None:
    make(tmp_path, 1, 1)
    stream = the_stream(tmp_path)
    assert (stream.ended, [segment.closed for segment in stream.segments]) == (False, [True, False])


def test_nothing_is_open_once_the_writer_is_gone(tmp_path: Path) -> None:
    _, lock = make(tmp_path, 1, 1)
    os.close(lock)
    stream = the_stream(tmp_path)
    assert (stream.ended, [segment.closed for segment in stream.segments]) == (True, [True, True])


def test_asking_after_a_writer_does_not_end_it(tmp_path: Path) -> None:
    make(tmp_path)
    assert [the_stream(tmp_path).ended for _ in range(2)] == [False, False]


def test_segments_that_were_carried_here_without_a_lock_have_no_writer(tmp_path: Path) -> None:
    folder, _ = make(tmp_path, 1)
    (folder / "lock").unlink()
    assert the_stream(tmp_path).ended


def test_a_segment_is_read_up_to_where_it_was_listed(tmp_path: Path) -> None:
    folder, _ = make(tmp_path)
    path = folder / "00000001.log"
    path.write_bytes(b"0123456789")
    [segment] = the_stream(tmp_path).segments
    path.write_bytes(b"0123456789 and more")
    assert segment.read_from(4) == b"456789"


def test_whatever_else_lies_in_the_folder_is_passed_over(tmp_path: Path) -> None:
    folder, _ = make(tmp_path, 3)
    (tmp_path / "0193aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa").write_text("a file with the name of a stream")
    (tmp_path / "0193bbbb-bbbb-7bbb-8bbb-bbbbbbbbbbbb").mkdir()
    (tmp_path / ".0193cccc-cccc-7ccc-8ccc-cccccccccccc").mkdir()
    (tmp_path / "notes").mkdir()
    (folder / "00000002.log").mkdir()
    for name in ("1.log", "000000003.log", "00000004.log~", "core"):
        (folder / name).write_text("garbage")
    assert [segment.number for segment in the_stream(tmp_path).segments] == [1]


def test_no_segment_is_made_twice(tmp_path: Path) -> None:
    folder, _ = make(tmp_path, 1)
    with pytest.raises(FileExistsError):
        make_segment(folder, 1)


def test_a_stream_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    next_file = os.open(os.devnull, os.O_RDONLY)
    os.close(next_file)
    with limited(resource.RLIMIT_NOFILE, next_file), pytest.raises(OSError, match="Too many open files"):
        make_stream(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_streams_count_towards_the_size(tmp_path: Path) -> None:
    make(tmp_path, 5, 7)
    make(tmp_path, 11)
    assert bytes_in(tmp_path) == 23


def test_a_removed_stream_is_gone(tmp_path: Path) -> None:
    folder, _ = make(tmp_path)
    remove_stream(folder)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_is_not_removed(tmp_path: Path) -> None:
    folder, _ = make(tmp_path)
    (folder / "notes.txt").write_text("mine")
    remove_stream(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert list_streams(tmp_path) == []


def test_a_segment_that_goes_while_it_is_measured_counts_for_nothing(tmp_path: Path) -> None:
    folder, _ = make(tmp_path, 5)
    # What a listing still names and is not there any more.
    (folder / "00000002.log").symlink_to(folder / "gone")
    assert bytes_in(tmp_path) == 5


def test_some_of_a_disk_is_left_to_others(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    # Others may write meanwhile.
    assert free - room_in(tmp_path) == pytest.approx(min(512 * 2**20, size / 20), abs=256 * 2**20)


def test_a_stream_that_is_removed_while_it_is_listed_has_no_segments(tmp_path: Path) -> None:
    assert streams._segments_in(tmp_path / "removed") == []
