"""What every journal promises: the one in memory and the one in files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from app.decision.ports import Journal
from app.engine.records import Record
from app.journal.append import FileJournal, JournalUnavailable
from app.journal.frames import read_frames
from app.journal.streams import list_streams
from tests.builders import assignment, event
from tests.fakes import FakeJournal

EVENT = event("page_viewed", category="bikes")
ASSIGNMENT = assignment("hero-copy", "control")


class Kept(Protocol):
    """A journal and a way to read what it has kept."""

    @property
    def journal(self) -> Journal: ...

    def fill(self) -> None: ...

    def records(self) -> list[Record]: ...


class FakeKept:
    def __init__(self) -> None:
        self.journal = FakeJournal()

    def fill(self) -> None:
        self.journal.full = True

    def records(self) -> list[Record]:
        return self.journal.records


class FileKept:
    def __init__(self, folder: Path, *, power_safe: bool) -> None:
        self.journal = FileJournal(folder, power_safe=power_safe)
        self._folder = folder

    def fill(self) -> None:
        self.journal._max_bytes = 0

    def records(self) -> list[Record]:
        streams = list_streams(self._folder)
        segments = [segment for stream in streams for segment in stream.segments]
        return [record for segment in segments for record, _ in read_frames(segment.read_from(0))]


@pytest.fixture(params=["fake", "file", "power-safe file"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "fake":
        yield FakeKept()
        return
    in_files = FileKept(tmp_path / "journal", power_safe=request.param == "power-safe file")
    yield in_files
    in_files.journal.close()


async def test_records_are_kept_in_the_order_they_came(kept: Kept) -> None:
    await kept.journal.append([EVENT, ASSIGNMENT])
    await kept.journal.append([EVENT])

    assert kept.records() == [EVENT, ASSIGNMENT, EVENT]


async def test_a_full_journal_says_so_and_keeps_nothing(kept: Kept) -> None:
    kept.fill()

    with pytest.raises(JournalUnavailable):
        await kept.journal.append([EVENT, ASSIGNMENT])

    assert kept.records() == []


async def test_nothing_to_keep_is_no_failure_even_of_a_full_journal(kept: Kept) -> None:
    kept.fill()

    await kept.journal.append([])

    assert kept.records() == []
