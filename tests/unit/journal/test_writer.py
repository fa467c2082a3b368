"""One process's stream, written."""

import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from app.journal.streams import list_streams
from app.journal.writer import StreamWriter
from tests.unit.journal.journalled import segments
from tests.unit.journal.limits import limited


def contents(journal_dir: Path) -> list[bytes]:
    return [path.read_bytes() for path in segments(journal_dir)]


def test_a_stream_is_there_once_it_is_opened_and_stays_the_same(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 10)
    assert writer.open() == writer.open()
    [stream] = list_streams(tmp_path)
    assert not stream.ended
    writer.close()


def test_what_is_written_follows_on_what_was(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 10)
    writer.write(b"abc")
    writer.write(b"def")
    assert contents(tmp_path) == [b"abcdef"]
    writer.close()


def test_a_segment_that_would_grow_too_large_is_followed_by_the_next(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 10)
    for data in (b"01234567", b"89", b"next", b"larger than a segment", b"x"):
        writer.write(data)
    assert contents(tmp_path) == [b"0123456789", b"next", b"larger than a segment", b"x"]
    writer.close()


def test_what_a_full_disk_took_a_part_of_is_cut_off(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 100)
    writer.write(b"0123456789")
    with limited(resource.RLIMIT_FSIZE, 15), pytest.raises(OSError, match="only a part"):
        writer.write(b"ten bytes.")
    assert contents(tmp_path) == [b"0123456789"]
    writer.close()


def test_what_a_full_disk_took_nothing_of_is_told_too(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 100)
    writer.write(b"0123456789")
    with limited(resource.RLIMIT_FSIZE, 10), pytest.raises(OSError, match="File too large"):
        writer.write(b"more")
    assert contents(tmp_path) == [b"0123456789"]
    writer.close()


def test_nothing_ever_stands_where_something_was_cut_off(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 100)
    writer.write(b"0123456789")
    with limited(resource.RLIMIT_FSIZE, 15), pytest.raises(OSError, match="only a part"):
        writer.write(b"ten bytes.")
    writer.write(b"after")
    assert contents(tmp_path) == [b"0123456789", b"after"]
    writer.close()


def test_a_segment_that_cannot_be_made_is_tried_again_under_the_next_number(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 100)
    in_the_way = writer.open() / "00000001.log"
    in_the_way.write_bytes(b"not ours")
    with pytest.raises(FileExistsError):
        writer.write(b"first")
    writer.write(b"second")
    assert contents(tmp_path) == [b"not ours", b"second"]
    writer.close()


def test_a_closed_stream_has_no_writer(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 100)
    writer.write(b"abc")
    writer.close()
    writer.close()
    [stream] = list_streams(tmp_path)
    assert stream.ended


def test_only_the_services_own_user_may_read_what_visitors_did(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path / "journal", 100)
    writer.write(b"abc")
    [segment] = segments(tmp_path / "journal")
    assert segment.stat().st_mode & 0o077 == 0
    assert segment.parent.stat().st_mode & 0o077 == 0
    writer.close()


@pytest.fixture
def fail_to_sync(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make the disk fail the next time it is told to hold something, once."""
    real = os.fdatasync

    def fail(_file: int) -> None:
        monkeypatch.setattr(os, "fdatasync", real)
        raise OSError(errno.EIO, "the disk is broken")

    return lambda: monkeypatch.setattr(os, "fdatasync", fail)


def test_what_the_disk_could_not_hold_is_cut_off_and_its_segment_never_written_again(
    tmp_path: Path, fail_to_sync: Callable[[], None]
) -> None:
    writer = StreamWriter(tmp_path, 100)
    writer.write(b"held")
    writer.sync()
    writer.write(b"lost")
    fail_to_sync()
    with pytest.raises(OSError, match="broken"):
        writer.sync()
    writer.sync()
    writer.write(b"after")
    writer.sync()
    assert contents(tmp_path) == [b"held", b"after"]
    writer.close()


def test_a_stream_that_nothing_was_written_to_needs_no_sync(tmp_path: Path) -> None:
    writer = StreamWriter(tmp_path, 100)
    writer.sync()
    writer.open()
    writer.sync()
    assert contents(tmp_path) == []
    writer.close()


def test_a_new_segments_name_is_synced_with_it_and_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(file: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        real(file)

    monkeypatch.setattr(os, "fsync", note)
    writer = StreamWriter(tmp_path, 4)
    for data in (b"ab", b"cd", b"next"):
        writer.write(data)
        writer.sync()
    assert synced == [str(writer.open()), str(tmp_path)] * 2
    writer.close()
