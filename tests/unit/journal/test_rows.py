"""Records as rows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.journal.rows import ASSIGNMENT_COLUMNS, EVENT_COLUMNS, key_of, row_of_assignment, row_of_event
from app.storage.tables import assignments, events
from tests.unit.journal.journalled import assignment, event

AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_every_column_of_the_tables_is_filled() -> None:
    assert set(EVENT_COLUMNS) == set(events.columns.keys())
    assert set(ASSIGNMENT_COLUMNS) == set(assignments.columns.keys())


def test_an_event_is_laid_out_by_its_columns() -> None:
    assert dict(zip(EVENT_COLUMNS, row_of_event(event(trusted=True, results_only=True)), strict=True)) == {
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
    assert dict(zip(ASSIGNMENT_COLUMNS, row_of_assignment(assignment()), strict=True)) == {
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
    }


def test_an_event_is_the_same_event_whatever_else_it_says() -> None:
    assert key_of(event(name="other", at_ms=0)) == key_of(event())
    assert key_of(event(site=2)) != key_of(event())


def test_a_decision_assigns_once_for_each_experiment() -> None:
    assert key_of(assignment(arm="control")) == key_of(assignment())
    assert key_of(assignment(experiment="other")) != key_of(assignment())


def test_what_is_no_uuid_or_no_instant_has_no_row() -> None:
    with pytest.raises(ValueError, match="badly formed"):
        key_of(assignment("nobody's"))
    with pytest.raises(OverflowError):
        row_of_event(event(at_ms=2**60))
