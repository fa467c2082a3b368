"""Records to journal: a test names what matters to it, the rest is plain."""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils

from app.engine.records import Assignment, Event, Record
from app.journal.frames import read_frames
from app.kit import clock

AT_MS = 1_773_144_000_000


def event(id_: str = "e-1", **fields: Any) -> Event:
    """Something a visitor did."""
    plain = Event(1, "v-1", id_, "page_viewed", {"category": "bikes"}, AT_MS, AT_MS + 5)
    return msgspec.structs.replace(plain, **fields)


def assignment(decision_id: str = str(UUID(int=1)), **fields: Any) -> Assignment:
    """An arm that a visitor was given."""
    plain = Assignment(
        site=1,
        visitor="v-1",
        decision_id=decision_id,
        experiment="hero-copy",
        unit="v-1",
        arm="treatment",
        phase=1,
        revision=7,
        first=True,
        stage="decision",
        stages={"purchase": "decision"},
        segments=("returning", "big, spender"),
        device="mobile",
        country=None,
        at_ms=AT_MS,
    )
    return msgspec.structs.replace(plain, **fields)


def new_events(site: int, count: int, **fields: Any) -> list[Event]:
    """Events of now that nobody has seen yet."""
    now_ms = clock.ms_of(clock.now())
    instants = {"site": site, "at_ms": now_ms, "received_ms": now_ms}
    return [event(str(uuid_utils.uuid7()), **{**instants, **fields}) for _ in range(count)]


def new_assignments(site: int, count: int, **fields: Any) -> list[Assignment]:
    """Assignments of now that nobody has seen yet."""
    standing = {"site": site, "at_ms": clock.ms_of(clock.now())}
    return [assignment(str(uuid_utils.uuid7()), **{**standing, **fields}) for _ in range(count)]


def segments(journal_dir: Path) -> list[Path]:
    """List the segments in a journal folder."""
    return sorted(journal_dir.glob("*/*.log"))


def written(journal_dir: Path) -> list[Record]:
    """Read what stands in a journal folder."""
    return [record for path in segments(journal_dir) for record, _ in read_frames(path.read_bytes())]
