"""Records as rows of the tables `events` and `assignments`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.engine.records import Assignment, Event, Record
from app.kit.clock import instant_of

EVENT_COLUMNS = (
    "site_id",
    "id",
    "visitor",
    "name",
    "properties",
    "at",
    "received_at",
    "trusted",
    "profile_only",
    "results_only",
)
ASSIGNMENT_COLUMNS = (
    "site_id",
    "decision_id",
    "experiment",
    "unit",
    "visitor",
    "arm",
    "phase",
    "revision",
    "first",
    "stage",
    "stages",
    "segments",
    "device",
    "country",
    "at",
)

# An event is the same event however often it is sent; a decision writes one assignment for each experiment.
Key = tuple[int, str] | tuple[UUID, str, datetime]


def key_of(record: Record) -> Key:
    """Name what a record is stored once for; raises ValueError or OverflowError for what has no row."""
    if isinstance(record, Event):
        return record.site, record.id
    return UUID(record.decision_id), record.experiment, instant_of(record.at_ms)


def row_of_event(event: Event) -> tuple[Any, ...]:
    """Lay an event out as `EVENT_COLUMNS`; raises OverflowError or RecursionError for what has no row."""
    return (
        event.site,
        event.id,
        event.visitor,
        event.name,
        _json(event.properties),
        instant_of(event.at_ms),
        instant_of(event.received_ms),
        event.trusted,
        event.profile_only,
        event.results_only,
    )


def row_of_assignment(assignment: Assignment) -> tuple[Any, ...]:
    """Lay an assignment out as `ASSIGNMENT_COLUMNS`; raises what `key_of` does."""
    return (
        assignment.site,
        UUID(assignment.decision_id),
        assignment.experiment,
        assignment.unit,
        assignment.visitor,
        assignment.arm,
        assignment.phase,
        assignment.revision,
        assignment.first,
        assignment.stage,
        _json(assignment.stages),
        assignment.segments,
        assignment.device,
        assignment.country,
        instant_of(assignment.at_ms),
    )


def _json(value: dict[str, Any]) -> str:
    # The driver takes jsonb as text.
    return msgspec.json.encode(value).decode()
