"""Records as rows: for each kind the table it is stored in, what it is stored once for, and its columns."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

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
from app.kit.clock import instant_of

Row = tuple[Any, ...]
Key = tuple[Any, ...]


class Kind(NamedTuple):
    """How records of a kind are stored: `row_of` lays one out as `columns`, and by `key` it is known.

    `row_of` raises ValueError, OverflowError or RecursionError for what has no row.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    row_of: Callable[[Any], Row]

    def key_of(self, row: Row) -> Key:
        """Name what a row is stored once for; rows of two kinds never share a key."""
        return (self.table, *(row[self.columns.index(name)] for name in self.key))


def kind_of(record: Record) -> Kind:
    """Tell how a record is stored."""
    return _KINDS[type(record)]


def _row_of_event(event: Event) -> Row:
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


def _row_of_assignment(assignment: Assignment) -> Row:
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
        assignment.results_only,
    )


def _row_of_change(change: ProfileChange) -> Row:
    into = change.into if isinstance(change, Merge | Unmerge) else None
    written = msgspec.json.encode(change)
    return change.site, UUID(change.id), change.visitor, into, written, instant_of(change.at_ms)


def _row_of_inputs(inputs: Inputs) -> Row:
    # What was read from a segment is a view of it, and the driver takes bytes alone.
    asked = bytes(inputs.asked)
    at = instant_of(inputs.at_ms)
    return inputs.site, UUID(inputs.decision_id), inputs.visitor, inputs.revision, asked, at


def _row_of_erase(erase: Erase) -> Row:
    return erase.site, UUID(erase.id), erase.visitor, True, instant_of(erase.at_ms)


def _json(value: dict[str, Any]) -> str:
    # The driver takes jsonb as text.
    return msgspec.json.encode(value).decode()


# An event is the same event however often it is sent.
EVENTS = Kind(
    "events",
    ("site_id", "id"),
    (
        *("site_id", "id", "visitor", "name", "properties", "at", "received_at"),
        *("trusted", "profile_only", "results_only"),
    ),
    _row_of_event,
)
# A decision writes one assignment for each experiment.
ASSIGNMENTS = Kind(
    "assignments",
    ("decision_id", "experiment", "at"),
    (
        *("site_id", "decision_id", "experiment", "unit", "visitor", "arm", "phase", "revision", "first"),
        *("stage", "stages", "segments", "device", "country", "at", "results_only"),
    ),
    _row_of_assignment,
)
PROFILE_CHANGES = Kind(
    "profile_changes",
    ("site_id", "id"),
    ("site_id", "id", "visitor", "into", "record", "at"),
    _row_of_change,
)
DECISIONS = Kind(
    "decisions",
    ("id", "at"),
    ("site_id", "id", "visitor", "revision", "asked", "at"),
    _row_of_inputs,
)
ERASURES = Kind(
    "erasures",
    ("site_id", "id", "visitor"),
    ("site_id", "id", "visitor", "erased", "at"),
    _row_of_erase,
)
_CHANGES = (CapDelivery, ConsentSaid, TraitsSet, Merge, Unmerge)
_KINDS: Mapping[type, Kind] = MappingProxyType(
    {
        Event: EVENTS,
        Assignment: ASSIGNMENTS,
        Inputs: DECISIONS,
        Erase: ERASURES,
        **dict.fromkeys(_CHANGES, PROFILE_CHANGES),
    }
)
