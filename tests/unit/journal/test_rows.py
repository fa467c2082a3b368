"""Records as rows."""

from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest

from app.engine.records import Merge, ProfileChange, Record, Unmerge
from app.journal.rows import ASSIGNMENTS, DECISIONS, ERASURES, EVENTS, PROFILE_CHANGES, Key, Kind, kind_of
from app.storage.tables import metadata
from tests.unit.journal.journalled import assignment, changes, erase, event, inputs, one_of_each

AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def laid_out(record: Record) -> dict[str, Any]:
    kind = kind_of(record)
    return dict(zip(kind.columns, kind.row_of(record), strict=True))


def key_of(record: Record) -> Key:
    kind = kind_of(record)
    return kind.key_of(kind.row_of(record))


@pytest.mark.parametrize("kind", [EVENTS, ASSIGNMENTS, PROFILE_CHANGES, DECISIONS, ERASURES])
def test_every_column_of_a_table_is_filled(kind: Kind) -> None:
    assert set(kind.columns) == set(metadata.tables[kind.table].columns.keys())


@pytest.mark.parametrize("kind", [ASSIGNMENTS, PROFILE_CHANGES, DECISIONS, ERASURES])
def test_what_a_record_is_stored_once_for_is_what_its_table_holds_once(kind: Kind) -> None:
    assert list(kind.key) == metadata.tables[kind.table].primary_key.columns.keys()


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
        "site_id": 1,
        "id": "e-1",
        "visitor": "v-1",
        "name": "page_viewed",
        "properties": '{"category":"bikes"}',
        "at": AT,
        "received_at": AT.replace(microsecond=5_000),
        "trusted": True,
        "profile_only": False,
        "results_only": True,
    }


def test_an_assignment_is_laid_out_by_its_columns() -> None:
    assert laid_out(assignment(results_only=True)) == {
        "site_id": 1,
        "decision_id": UUID(int=1),
        "experiment": "hero-copy",
        "unit": "v-1",
        "visitor": "v-1",
        "arm": "treatment",
        "phase": 1,
        "revision": 7,
        "first": True,
        "stage": "decision",
        "stages": '{"purchase":"decision"}',
        "segments": ("returning", "big, spender"),
        "device": "mobile",
        "country": None,
        "at": AT,
        "results_only": True,
    }


def test_a_change_is_laid_out_with_its_whole_record() -> None:
    for change in changes():
        row = laid_out(change)
        assert msgspec.json.decode(row.pop("record"), type=ProfileChange) == change
        assert row == {
            "site_id": 1,
            "id": UUID(change.id),
            "visitor": "v-1",
            "into": "u-1" if isinstance(change, Merge | Unmerge) else None,
            "at": AT,
        }


def test_what_a_decision_was_taken_on_is_laid_out_byte_for_byte() -> None:
    assert laid_out(inputs()) == {
        "site_id": 1,
        "id": UUID(int=1),
        "visitor": "v-1",
        "revision": 7,
        "asked": b'{ "placements" : ["home.hero"] }',
        "at": AT,
    }


def test_a_tombstone_is_laid_out_by_its_columns() -> None:
    gone = erase()

    assert laid_out(gone) == {
        "site_id": 1,
        "id": UUID(gone.id),
        "visitor": "v-1",
        "erased": True,
        "at": AT,
    }


def test_an_event_is_the_same_event_whatever_else_it_says() -> None:
    assert key_of(event(name="other", at_ms=0)) == key_of(event())
    assert key_of(event(site=2)) != key_of(event())


def test_a_decision_assigns_once_for_each_experiment() -> None:
    assert key_of(assignment(arm="control")) == key_of(assignment())
    assert key_of(assignment(experiment="other")) != key_of(assignment())


def test_records_of_two_kinds_are_never_the_same() -> None:
    assert len({key_of(record) for record in one_of_each()}) == len(one_of_each())


def test_what_is_no_uuid_or_no_instant_has_no_row() -> None:
    for record in (assignment("nobody's"), inputs("nobody's"), msgspec.structs.replace(changes()[0], id="x")):
        with pytest.raises(ValueError, match="badly formed"):
            kind_of(record).row_of(record)
    with pytest.raises(OverflowError):
        kind_of(event()).row_of(event(at_ms=2**60))
