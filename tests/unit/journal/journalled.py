"""Records to journal: a test names what matters to it, the rest is plain."""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils

from app.engine.records import (
    Assignment,
    CapDelivery,
    ConsentSaid,
    Erase,
    Event,
    Inputs,
    Merge,
    ProfileChange,
    Record,
    TraitsSet,
    Unmerge,
)
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


def changes(site: int = 1, at_ms: int = AT_MS) -> list[ProfileChange]:
    """One change of a profile of each kind; nobody has seen them yet."""
    who, ids = (site, "v-1"), [str(uuid_utils.uuid7()) for _ in range(5)]
    return [
        CapDelivery(*who, ids[0], "free-shipping", str(UUID(int=1)), at_ms),
        ConsentSaid(*who, ids[1], {"analytics": False}, at_ms),
        TraitsSet(*who, ids[2], {"plan": {"tier": "gold"}, "age": None}, at_ms),
        Merge(*who, ids[3], "u-1", at_ms),
        Unmerge(*who, ids[4], "u-1", at_ms),
    ]


def inputs(decision_id: str = str(UUID(int=1)), **fields: Any) -> Inputs:
    """What a decision was taken on, as a request wrote it."""
    plain = Inputs(1, "v-1", decision_id, 7, msgspec.Raw(b'{ "placements" : ["home.hero"] }'), AT_MS)
    return msgspec.structs.replace(plain, **fields)


def erase(**fields: Any) -> Erase:
    """A visitor is to be gone; nobody has seen this yet."""
    return msgspec.structs.replace(Erase(1, "v-1", str(uuid_utils.uuid7()), AT_MS), **fields)


def one_of_each() -> list[Record]:
    """A record of every kind."""
    return [event(), assignment(), *changes(), inputs(), erase()]


def new_events(site: int, count: int, **fields: Any) -> list[Event]:
    """Events of now that nobody has seen yet."""
    now_ms = clock.ms_of(clock.now())
    instants = {"site": site, "at_ms": now_ms, "received_ms": now_ms}
    return [event(str(uuid_utils.uuid7()), **{**instants, **fields}) for _ in range(count)]


def new_assignments(site: int, count: int, **fields: Any) -> list[Assignment]:
    """Assignments of now that nobody has seen yet."""
    standing = {"site": site, "at_ms": clock.ms_of(clock.now())}
    return [assignment(str(uuid_utils.uuid7()), **{**standing, **fields}) for _ in range(count)]


def new_rest(site: int) -> list[Record]:
    """What is neither event nor assignment, of now: one of each kind that nobody has seen yet."""
    now_ms = clock.ms_of(clock.now())
    return [*changes(site, now_ms), inputs(str(uuid_utils.uuid7()), site=site, at_ms=now_ms)]


def segments(journal_dir: Path) -> list[Path]:
    """List the segments in a journal folder."""
    return sorted(journal_dir.glob("*/*.log"))


def written(journal_dir: Path) -> list[Record]:
    """Read what stands in a journal folder."""
    return [record for path in segments(journal_dir) for record, _ in read_frames(path.read_bytes())]
