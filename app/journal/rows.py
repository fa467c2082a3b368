"""Records as rows: for each kind the table it is stored in, what it is stored once for, and its columns."""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
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
from app.journal.columns import document, flags, instant, integer, name, names, raw, small, text, uuid
from app.kit.clock import instant_of

Key = tuple[Any, ...]

# How an id begins that is a UUID of version 7: with the milliseconds since 1970.
_TIMED = re.compile("([0-9a-f]{8})-([0-9a-f]{4})-7")


class Kind(NamedTuple):
    """How records of a kind are stored: `row_of` lays one out as `columns`, and by `key` it is known.

    `row_of` raises ValueError, OverflowError or RecursionError for what has no row; only what has one has
    a key. `key_of` tells the table with it, so that records of two kinds never share a key.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    row_of: Callable[[Any], bytes]
    key_of: Callable[[Any], Key]


def kind_of(record: Record) -> Kind:
    """Tell how a record is stored."""
    return _KINDS[type(record)]


def id_row_of(event: Event) -> bytes:
    """Lay out by what an event is known: `ID_COLUMNS`. Rows sort by their site and key, as in PostgreSQL."""
    return b"".join((b"\0\3", integer(event.site), raw(_digest_of(event)), instant(event.received_ms)))


def _digest_of(event: Event) -> bytes:
    """Tell an event from all others of its site: an id is one visitor's own, whoever else may use it too.

    Ids that begin with their time, as ours do, have keys that do so too: what comes together lies together.
    """
    # No text that is stored has a zero byte in it.
    digest = sha256(f"{event.visitor}\0{event.id}".encode()).digest()[:16]
    timed = _TIMED.match(event.id)
    return digest if timed is None else bytes.fromhex("".join(timed.groups())) + digest[6:]


# Each row begins with the number of its columns, in two bytes.


def _row_of_event(event: Event) -> bytes:
    return b"".join(
        (
            b"\0\x0a",
            integer(event.site),
            text(event.id),
            text(event.visitor),
            name(event.name),
            document(event.properties),
            instant(event.at_ms),
            instant(event.received_ms),
            flags(event.trusted, event.profile_only, event.results_only),
        )
    )


def _row_of_assignment(assignment: Assignment) -> bytes:
    return b"".join(
        (
            b"\0\x10",
            integer(assignment.site),
            uuid(assignment.decision_id),
            name(assignment.experiment),
            text(assignment.unit),
            text(assignment.visitor),
            name(assignment.arm),
            small(assignment.phase),
            integer(assignment.revision),
            flags(assignment.first),
            name(assignment.stage),
            document(assignment.stages),
            names(assignment.segments),
            name(assignment.device),
            name(assignment.country),
            instant(assignment.at_ms),
            flags(assignment.results_only),
        )
    )


def _row_of_change(change: ProfileChange) -> bytes:
    into = change.into if isinstance(change, Merge | Unmerge) else None
    return b"".join(
        (
            b"\0\6",
            integer(change.site),
            uuid(change.id),
            text(change.visitor),
            name(into),
            raw(msgspec.json.encode(change)),
            instant(change.at_ms),
        )
    )


def _row_of_inputs(inputs: Inputs) -> bytes:
    return b"".join(
        (
            b"\0\6",
            integer(inputs.site),
            uuid(inputs.decision_id),
            text(inputs.visitor),
            integer(inputs.revision),
            raw(bytes(inputs.asked)),
            instant(inputs.at_ms),
        )
    )


def _row_of_erase(erase: Erase) -> bytes:
    columns = (integer(erase.site), uuid(erase.id), text(erase.visitor), flags(True), instant(erase.at_ms))
    return b"".join((b"\0\5", *columns))


ID_COLUMNS = ("site_id", "key", "received_at")
# An event is the same event however often its visitor sends it.
EVENTS = Kind(
    "events",
    ("site_id", "key"),
    (
        *("site_id", "id", "visitor", "name", "properties", "at", "received_at"),
        *("trusted", "profile_only", "results_only"),
    ),
    _row_of_event,
    lambda event: ("events", event.site, UUID(bytes=_digest_of(event))),
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
    lambda one: ("assignments", UUID(one.decision_id), one.experiment, instant_of(one.at_ms)),
)
PROFILE_CHANGES = Kind(
    "profile_changes",
    ("site_id", "id"),
    ("site_id", "id", "visitor", "into", "record", "at"),
    _row_of_change,
    lambda change: ("profile_changes", change.site, UUID(change.id)),
)
DECISIONS = Kind(
    "decisions",
    ("id", "at"),
    ("site_id", "id", "visitor", "revision", "asked", "at"),
    _row_of_inputs,
    lambda inputs: ("decisions", UUID(inputs.decision_id), instant_of(inputs.at_ms)),
)
ERASURES = Kind(
    "erasures",
    ("site_id", "id", "visitor"),
    ("site_id", "id", "visitor", "erased", "at"),
    _row_of_erase,
    lambda erase: ("erasures", erase.site, UUID(erase.id), erase.visitor),
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
