"""What becomes of the journal's files: what has arrived goes, what has not stays, garbage hurts nobody."""

import os
import resource

import pytest

from app.journal.append import JournalUnavailable
from app.journal.frames import encode_frame
from app.journal.streams import make_segment, make_stream
from tests.integration.ship_cases import Case, ids_of
from tests.unit.journal.journalled import new_events, segments
from tests.unit.journal.limits import limited


async def test_segments_that_have_arrived_are_removed_but_for_the_one_being_written(case: Case) -> None:
    journal = case.new_journal(segment_bytes=1)
    for record in new_events(case.site, 3):
        await journal.append([record])
    await case.shipper.ship_once()
    assert [path.name for path in segments(case.journal_dir)] == ["00000003.log"]


async def test_a_stream_is_removed_once_its_writer_is_gone_and_all_has_arrived(case: Case) -> None:
    journal = case.new_journal()
    await journal.append(new_events(case.site, 2))
    await case.shipper.ship_once()
    [stream] = case.streams()
    journal.close()
    await case.shipper.ship_once()
    assert [path.name for path in case.journal_dir.iterdir()] == ["ship.lock"]
    query = "SELECT count(*) FROM journal_positions WHERE stream = $1"
    assert await case.pool.fetchval(query, stream) == 0


async def test_a_writer_that_never_wrote_leaves_nothing(case: Case) -> None:
    case.new_journal().close()
    await case.shipper.ship_once()
    assert case.streams() == []


async def test_a_removal_that_died_half_way_is_finished(case: Case) -> None:
    journal = case.new_journal()
    await journal.append(new_events(case.site, 2))
    await case.shipper.ship_once()
    [stream], [position] = case.streams(), await case.positions()
    # As it is when the shipper dies behind its last unlink.
    journal.close()
    segments(case.journal_dir)[0].unlink()
    assert position[1] > 0
    assert await case.new_shipper().ship_once() == 0
    assert case.streams() == []
    query = "SELECT count(*) FROM journal_positions WHERE stream = $1"
    assert await case.pool.fetchval(query, stream) == 0


async def test_segments_that_had_arrived_when_the_shipper_died_are_removed(case: Case) -> None:
    journal = case.new_journal(segment_bytes=1)
    first, second = new_events(case.site, 2)
    await journal.append([first])
    kept = segments(case.journal_dir)[0].read_bytes()
    await journal.append([second])
    await case.shipper.ship_once()
    # As it is when the shipper dies before its unlink.
    (case.journal_dir / case.streams()[0] / "00000001.log").write_bytes(kept)
    assert await case.new_shipper().ship_once() == 0
    assert [path.name for path in segments(case.journal_dir)] == ["00000002.log"]


async def test_a_frame_that_is_being_written_is_waited_for(case: Case) -> None:
    sent = new_events(case.site, 2)
    folder, _ = make_stream(case.journal_dir)
    file = make_segment(folder, 1)
    os.write(file, encode_frame(sent[0]) + encode_frame(sent[1])[:40])
    assert await case.shipper.ship_once() == 1
    assert case.shipper.lag_bytes == 40
    assert case.kept() == []
    os.write(file, encode_frame(sent[1])[40:])
    assert await case.shipper.ship_once() == 1
    assert case.fold.records == sent


async def test_the_torn_end_of_a_dead_writer_is_set_aside_and_told(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    [sent] = new_events(case.site, 1)
    folder, lock = make_stream(case.journal_dir)
    os.write(make_segment(folder, 1), encode_frame(sent) + b"\0\0\0\x09torn")
    os.close(lock)
    assert await case.shipper.ship_once() == 1
    [kept] = case.kept()
    assert kept.read_bytes() == b"\0\0\0\x09torn"
    assert case.streams() == []
    [told] = caplog.messages
    assert told.startswith(f"8 bytes at byte {len(encode_frame(sent))} of {folder}/00000001.log are the end")


async def test_damage_is_set_aside_and_what_stands_around_it_arrives(case: Case) -> None:
    sent = new_events(case.site, 3)
    damaged = encode_frame(sent[1]).replace(b"page_viewed", b"page_wieved")
    folder, _ = make_stream(case.journal_dir)
    for number in (1, 2):
        frames = (
            encode_frame(sent[0]) + damaged + encode_frame(sent[2]) if number == 1 else encode_frame(sent[1])
        )
        os.write(make_segment(folder, number), frames)
    assert await case.shipper.ship_once() == 3
    assert [path.read_bytes() for path in case.kept()] == [damaged]
    assert await case.events() == ids_of(sent)
    assert [path.name for path in segments(case.journal_dir)] == ["00000002.log"]


async def test_what_was_shipped_and_then_cut_off_misleads_nobody(case: Case) -> None:
    journal, sent = case.new_journal(), new_events(case.site, 3)
    await journal.append(sent[:1])
    frame = len(encode_frame(sent[0]))
    # The shipper reads a whole frame of an answer that the full disk then refuses.
    path = segments(case.journal_dir)[0]
    path.write_bytes(path.read_bytes() + encode_frame(sent[1]))
    assert await case.shipper.ship_once() == 2
    with limited(resource.RLIMIT_FSIZE, 2 * frame + 1), pytest.raises(JournalUnavailable):
        await journal.append(sent[1:])
    assert path.stat().st_size == frame
    journal.close()
    after = case.new_journal()
    await after.append(sent[2:])
    assert await case.shipper.ship_once() == 1
    assert case.fold.records == sent
    assert case.kept() == []


async def test_garbage_in_the_folder_is_passed_over(case: Case) -> None:
    (case.journal_dir / "notes.txt").write_text("mine")
    (case.journal_dir / "0193aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa").write_text("a file")
    journal = case.new_journal()
    await journal.append(new_events(case.site, 1))
    [stream] = case.streams()[1:]
    (case.journal_dir / stream / "00000001.log.bak").write_text("mine too")
    (case.journal_dir / stream / "00000002.log").mkdir()
    assert await case.shipper.ship_once() == 1
    journal.close()
    for _ in range(2):
        assert await case.shipper.ship_once() == 0
    assert sorted(path.name for path in (case.journal_dir / stream).iterdir()) == [
        "00000001.log.bak",
        "00000002.log",
    ]
