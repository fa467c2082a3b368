"""Records as rows."""

from datetime import UTC, datetime, timedelta
from struct import unpack_from
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest

from app.engine.records import Merge, ProfileChange, Record, Unmerge
from app.journal.rows import (
    ASSIGNMENTS,
    DECISIONS,
    ERASURES,
    EVENTS,
    ID_COLUMNS,
    PROFILE_CHANGES,
    Key,
    Kind,
    id_row_of,
    kind_of,
)
from app.kit.clock import ms_of
from app.storage.schema import metadata
from tests.unit.journal.journalled import assignment, changes, erase, event, inputs, one_of_each

AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
AT_US = (AT - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


# One dimension without nulls, of texts (25), two of them from 1 on, each behind its length.
SEGMENTS = (
    b"".join(map(int.to_bytes, (1, 0, 25, 2, 1, 9), [4] * 6)) + b"returning" + b"\0\0\0\x0cbig, spender"
)


def fields_of(row: bytes) -> list[bytes | None]:
    """Take a row apart as PostgreSQL does."""
    [count] = unpack_from(">h", row)
    fields: list[bytes | None] = []
    at = 2
    for _ in range(count):
        [length] = unpack_from(">i", row, at)
        fields.append(None if length < 0 else row[at + 4 : at + 4 + length])
        at += 4 + max(0, length)
    assert at == len(row)
    return fields


def laid_out(record: Record) -> dict[str, Any]:
    kind = kind_of(record)
    return dict(zip(kind.columns, fields_of(kind.row_of(record)), strict=True))


def key_of(record: Record) -> Key:
    return kind_of(record).key_of(record)


def integer(value: int) -> bytes:
    return value.to_bytes(4, signed=True)


def instant(us: int = AT_US) -> bytes:
    return us.to_bytes(8, signed=True)


@pytest.mark.parametrize("kind", [EVENTS, ASSIGNMENTS, PROFILE_CHANGES, DECISIONS, ERASURES])
def test_every_column_of_a_table_is_filled(kind: Kind) -> None:
    assert set(kind.columns) == set(metadata.tables[kind.table].columns.keys())


@pytest.mark.parametrize("kind", [EVENTS, ASSIGNMENTS, PROFILE_CHANGES, DECISIONS, ERASURES])
def test_what_a_record_is_stored_once_for_is_what_its_table_holds_once(kind: Kind) -> None:
    # Which events are known is told apart from their days.
    table = "event_ids" if kind is EVENTS else kind.table
    assert list(kind.key) == metadata.tables[table].primary_key.columns.keys()


def test_every_kind_of_record_has_a_table() -> None:
    assert {type(record) for record in one_of_each()} == set(get_args(Record))
    assert {kind_of(record).table for record in one_of_each()} == {
        "events",
        "assignments",
        "profile_changes",
        "decisions",
        "erasures",
    }


def test_an_event_is_laid_out_by_its_columns() -> None:
    assert laid_out(event(trusted=True, results_only=True)) == {
        "site_id": integer(1),
        "id": b"e-1",
        "visitor": b"v-1",
        "name": b"page_viewed",
        "properties": b'\1{"category":"bikes"}',
        "at": instant(),
        "received_at": instant(AT_US + 5_000),
        "trusted": b"\1",
        "profile_only": b"\0",
        "results_only": b"\1",
    }


def test_an_assignment_is_laid_out_by_its_columns() -> None:
    assert laid_out(assignment(results_only=True)) == {
        "site_id": integer(1),
        "decision_id": UUID(int=1).bytes,
        "experiment": b"hero-copy",
        "unit": b"v-1",
        "visitor": b"v-1",
        "arm": b"treatment",
        "phase": b"\0\1",
        "revision": integer(7),
        "first": b"\1",
        "stage": b"decision",
        "stages": b'\1{"purchase":"decision"}',
        "segments": SEGMENTS,
        "device": b"mobile",
        "country": None,
        "at": instant(),
        "results_only": b"\1",
    }


def test_a_change_is_laid_out_with_its_whole_record() -> None:
    for change in changes():
        row = laid_out(change)
        assert msgspec.json.decode(row.pop("record"), type=ProfileChange) == change
        assert row == {
            "site_id": integer(1),
            "id": UUID(change.id).bytes,
            "visitor": b"v-1",
            "into": b"u-1" if isinstance(change, Merge | Unmerge) else None,
            "at": instant(),
        }


def test_what_a_decision_was_taken_on_is_laid_out_byte_for_byte() -> None:
    assert laid_out(inputs()) == {
        "site_id": integer(1),
        "id": UUID(int=1).bytes,
        "visitor": b"v-1",
        "revision": integer(7),
        "asked": b'{ "placements" : ["home.hero"] }',
        "at": instant(),
    }


def test_a_tombstone_is_laid_out_by_its_columns() -> None:
    gone = erase()

    assert laid_out(gone) == {
        "site_id": integer(1),
        "id": UUID(gone.id).bytes,
        "visitor": b"v-1",
        "erased": b"\1",
        "at": instant(),
    }


def test_an_event_is_the_same_event_whatever_else_it_says() -> None:
    assert key_of(event(name="other", at_ms=0)) == key_of(event())
    assert key_of(event(site=2)) != key_of(event())
    assert key_of(event(visitor="v-2")) != key_of(event())


def test_a_decision_assigns_once_for_each_experiment() -> None:
    assert key_of(assignment(arm="control")) == key_of(assignment())
    assert key_of(assignment(experiment="other")) != key_of(assignment())


def test_records_of_two_kinds_are_never_the_same() -> None:
    assert len({key_of(record) for record in one_of_each()}) == len(one_of_each())


@pytest.mark.parametrize("no_id", ["nobody's", "", "12", "0" * 34])
def test_what_is_no_uuid_has_no_row(no_id: str) -> None:
    for record in (assignment(no_id), inputs(no_id), msgspec.structs.replace(changes()[0], id=no_id)):
        with pytest.raises(ValueError, match=r"UUID|non-hexadecimal"):
            kind_of(record).row_of(record)


FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999


@pytest.mark.parametrize("ms", [FIRST_MS, LAST_MS])
def test_the_first_and_the_last_instant_have_a_row(ms: int) -> None:
    stored = laid_out(event(at_ms=ms))["at"]
    since_2000 = timedelta(microseconds=int.from_bytes(stored, signed=True))
    assert ms_of(datetime(2000, 1, 1, tzinfo=UTC) + since_2000) == ms


@pytest.mark.parametrize(
    "record",
    [
        event(at_ms=2**60),
        event(at_ms=FIRST_MS - 1),
        event(received_ms=LAST_MS + 1),
        event(site=2**31),
        assignment(phase=2**15),
        assignment(revision=2**31),
    ],
)
def test_what_is_too_large_has_no_row(record: Record) -> None:
    with pytest.raises(OverflowError):
        kind_of(record).row_of(record)


def test_an_assignment_may_stand_in_no_segment() -> None:
    assert laid_out(assignment(segments=()))["segments"] == bytes(8) + integer(25)


# The first half of sha256("v-ä\0e-1"), as the migration that rebuilds `event_ids` has it too.
KNOWN_BY = UUID("318f5c4e-d1b5-1165-33e6-52a7fae12de1")


def test_an_event_is_known_by_what_its_visitor_and_its_id_come_to() -> None:
    one = event(visitor="v-ä")
    assert fields_of(id_row_of(one)) == [integer(1), KNOWN_BY.bytes, instant(AT_US + 5_000)]
    assert key_of(one) == ("events", 1, KNOWN_BY)
    assert len(ID_COLUMNS) == 3


# The same of "v-ä" and this id, behind the time that the id begins with.
TIMED, TIMED_KEY = "0193a0b1-c2d3-7aaa-8bbb-ccccddddeeee", UUID("0193a0b1-c2d3-26ec-586b-c79099e40f9d")


def test_keys_of_ids_that_begin_with_their_time_begin_so_too() -> None:
    assert key_of(event(TIMED, visitor="v-ä")) == ("events", 1, TIMED_KEY)
    assert key_of(event(TIMED)) != key_of(event(TIMED, visitor="v-ä"))
    assert key_of(event(TIMED[:-1] + "f", visitor="v-ä")) != key_of(event(TIMED, visitor="v-ä"))


def test_where_a_visitor_ends_and_an_id_begins_makes_a_difference() -> None:
    assert key_of(event("b-c", visitor="a")) != key_of(event("c", visitor="a-b"))
    assert key_of(event("bc", visitor="a")) != key_of(event("c", visitor="ab"))


def test_rows_of_what_is_known_sort_as_postgresql_sorts_keys() -> None:
    rows = sorted(id_row_of(event(f"e-{n}", site=site)) for n in range(50) for site in (300, 2))
    keys = sorted((site, key_of(event(f"e-{n}"))[2].bytes) for n in range(50) for site in (300, 2))
    assert [fields_of(row)[:2] for row in rows] == [[integer(site), key] for site, key in keys]
