"""The journal that every answer goes through."""

import asyncio
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

import pytest

from app.journal import append
from app.journal.append import REST_S, TOLD_S, FileJournal, JournalUnavailable
from app.journal.frames import PAYLOAD_LIMIT, encode_frame
from tests.unit.journal.journalled import assignment, event, segments, written
from tests.unit.journal.limits import limited

FRAME = len(encode_frame(event("e-1")))


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at_s = 1_000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[FileJournal]:
    opened = FileJournal(tmp_path, segment_bytes=3 * FRAME, max_bytes=5 * FRAME, clock=clock)
    yield opened
    opened.close()


async def fill(journal: FileJournal) -> None:
    await journal.append([event(f"e-{number}") for number in range(5)])


async def test_a_record_is_in_the_file_when_append_returns(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([event(), assignment()])
    assert written(tmp_path) == [event(), assignment()]


async def test_what_was_taken_is_counted(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([event(), assignment()])
    assert (journal.records, journal.refused) == (2, 0)
    assert journal.bytes == segments(tmp_path)[0].stat().st_size


async def test_an_answer_without_records_writes_nothing(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([])
    assert segments(tmp_path) == []


async def test_an_answer_is_never_spread_over_two_segments(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([event("e-1"), event("e-2")])
    await journal.append([event("e-3"), event("e-4")])
    assert [path.stat().st_size for path in segments(tmp_path)] == [2 * FRAME, 2 * FRAME]


async def test_a_full_journal_refuses_and_takes_none(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([event(f"e-{number}") for number in range(4)])
    assert journal.healthy
    with pytest.raises(JournalUnavailable, match=f"the bound of {5 * FRAME} bytes is reached"):
        await journal.append([event("e-5"), event("e-6")])
    assert (len(written(tmp_path)), journal.records, journal.refused) == (4, 4, 1)
    await journal.append([event("e-5")])
    assert not journal.healthy


async def test_a_full_journal_takes_records_again_once_there_is_room(
    journal: FileJournal, tmp_path: Path, clock: Clock
) -> None:
    await fill(journal)
    segments(tmp_path)[0].unlink()
    with pytest.raises(JournalUnavailable):
        await journal.append([event()])
    clock.at_s += REST_S
    assert journal.healthy
    await journal.append([event("e-1")])


async def test_a_journal_that_stays_full_is_told_of_once_in_a_while(
    journal: FileJournal, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(journal)
    for _ in range(61):
        with pytest.raises(JournalUnavailable):
            await journal.append([event()])
        clock.at_s += TOLD_S / 60

    assert [message.partition("is reached")[1] for message in caplog.messages] == ["is reached"] * 2


async def test_a_disk_that_fails_again_and_again_is_told_of_once_in_a_while(
    journal: FileJournal, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with limited(resource.RLIMIT_FSIZE, 10):
        for _ in range(61):
            with pytest.raises(JournalUnavailable):
                await journal.append([event()])
            clock.at_s += TOLD_S / 60

    assert [message.partition("only a part")[1] for message in caplog.messages] == ["only a part"] * 2


async def test_what_other_processes_write_counts_within_a_second(
    journal: FileJournal, tmp_path: Path, clock: Clock
) -> None:
    other = FileJournal(tmp_path, max_bytes=5 * FRAME, clock=clock)
    await journal.append([event("e-1")])
    await other.append([event(f"e-{number}") for number in range(4)])
    clock.at_s += REST_S
    with pytest.raises(JournalUnavailable):
        await journal.append([event("e-1")])
    other.close()


async def test_a_full_disk_refuses_and_leaves_whole_frames(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([event("e-1")])
    with limited(resource.RLIMIT_FSIZE, FRAME + 10), pytest.raises(JournalUnavailable, match="only a part"):
        await journal.append([event("e-2")])
    assert (written(tmp_path), journal.refused, journal.healthy) == ([event("e-1")], 1, False)


async def test_after_a_failure_the_disk_rests_before_it_is_tried_again(
    journal: FileJournal, tmp_path: Path, clock: Clock
) -> None:
    with limited(resource.RLIMIT_FSIZE, 10), pytest.raises(JournalUnavailable):
        await journal.append([event("e-1")])
    with pytest.raises(JournalUnavailable, match="rests"):
        await journal.append([event("e-2")])
    clock.at_s += REST_S
    assert journal.healthy
    await journal.append([event("e-3")])
    assert written(tmp_path) == [event("e-3")]


async def test_a_folder_that_cannot_be_made_is_no_reason_not_to_start(tmp_path: Path, clock: Clock) -> None:
    in_the_way = tmp_path / "journal"
    in_the_way.write_text("a file")
    journal = FileJournal(in_the_way, clock=clock)
    assert not journal.healthy
    clock.at_s += REST_S
    assert not journal.healthy
    with pytest.raises(JournalUnavailable):
        await journal.append([event()])
    in_the_way.unlink()
    clock.at_s += REST_S
    await journal.append([event()])
    assert written(in_the_way) == [event()]
    journal.close()


async def test_a_folder_that_is_lost_is_told(journal: FileJournal, tmp_path: Path) -> None:
    rmtree(tmp_path)
    with pytest.raises(JournalUnavailable, match="No such file"):
        await journal.append([event()])


async def test_a_record_that_no_journal_can_hold_harms_no_other(journal: FileJournal, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="over the journal's limit"):
        await journal.append([event("e-1"), event("e-2", properties={"text": "x" * PAYLOAD_LIMIT})])
    await journal.append([event("e-3")])
    assert (written(tmp_path), journal.healthy) == ([event("e-3")], True)


async def test_a_closed_journal_takes_nothing(journal: FileJournal, tmp_path: Path) -> None:
    await journal.append([event()])
    journal.close()
    with pytest.raises(JournalUnavailable):
        await journal.append([event()])
    assert (written(tmp_path), journal.healthy) == ([event()], False)


async def test_what_the_disk_has_left_is_for_others(
    journal: FileJournal, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No disk can be filled here for others to suffer: only how full it is told to be.
    room = [FRAME]
    monkeypatch.setattr(append, "room_in", lambda _: room[0])
    await journal.append([event("e-1")])
    with pytest.raises(JournalUnavailable, match="what the disk has left is for others"):
        await journal.append([event("e-2")])
    before = journal.healthy
    room[0] = 10 * FRAME
    clock.at_s += REST_S
    assert (before, journal.healthy) == (False, True)
    await journal.append([event("e-2")])
    assert written(tmp_path) == [event("e-1"), event("e-2")]


@pytest.fixture
def power_safe(tmp_path: Path, clock: Clock) -> Iterator[FileJournal]:
    opened = FileJournal(tmp_path, power_safe=True, clock=clock)
    yield opened
    opened.close()


async def test_answers_of_one_turn_wait_for_the_disk_once(
    power_safe: FileJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    real = os.fdatasync

    def note(file: int) -> None:
        held.append(len(written(tmp_path)))
        real(file)

    monkeypatch.setattr(os, "fdatasync", note)
    await asyncio.gather(*(power_safe.append([event(f"e-{number}")]) for number in range(20)))
    assert held == [20]
    assert (power_safe.records, len(written(tmp_path))) == (20, 20)


async def test_no_answer_leaves_before_the_disk_holds_its_record(
    power_safe: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    real = os.fdatasync

    def hold(file: int) -> None:
        real(file)
        held.append(file)

    monkeypatch.setattr(os, "fdatasync", hold)
    await power_safe.append([event()])
    assert len(held) == 1


async def test_what_the_disk_could_not_hold_is_refused_to_all_who_wait(
    power_safe: FileJournal, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdatasync

    def fail(_file: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fdatasync", fail)
    waiting = [power_safe.append([event(f"e-{number}")]) for number in range(3)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [JournalUnavailable] * 3
    assert (written(tmp_path), power_safe.refused, power_safe.healthy) == ([], 3, False)
    monkeypatch.setattr(os, "fdatasync", real)
    clock.at_s += REST_S
    await power_safe.append([event("e-3")])
    assert written(tmp_path) == [event("e-3")]


async def test_whoever_stops_waiting_for_the_disk_takes_nothing_from_the_others(
    power_safe: FileJournal, tmp_path: Path
) -> None:
    waiting = [asyncio.create_task(power_safe.append([event(f"e-{number}")])) for number in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    with suppress(asyncio.CancelledError):
        await waiting[0]
    await waiting[1]
    assert len(written(tmp_path)) == 2


async def test_a_mistake_in_a_group_reaches_whoever_waits(
    power_safe: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fdatasync", lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        await power_safe.append([event()])


async def test_a_power_safe_journal_that_is_closed_takes_nothing(power_safe: FileJournal) -> None:
    await power_safe.append([event("e-1")])
    power_safe.close()
    with pytest.raises(JournalUnavailable):
        await power_safe.append([event("e-2")])
