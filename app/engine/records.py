"""What happened, one immutable value each: these are journalled, stored and folded into profiles.

`visitor` names the profile that a record belongs to; instants are milliseconds since 1970 UTC. No value here,
nor in a profile or a decision, can be part of a cycle: the garbage collector need not know them (`gc=False`).
What is as usual is not written down (`omit_defaults`).
"""

from typing import Any

import msgspec


class Unheard(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an event's visitor had said of these purposes was not known when the event was taken in.

    Where `device` is named, its visitor is a user who was seen on it, and who may have said it there.
    """

    purposes: tuple[str, ...]
    device: str | None = None


class Event(msgspec.Struct, frozen=True, tag="event", tag_field="kind", omit_defaults=True, gc=False):
    """Something the visitor did. `name` is snake_case.

    Consent decides what it may serve: `profile_only` keeps it out of results, `results_only` out of profiles.
    While it is `unheard`, these are as the site has it by default; what is stored is never so.
    """

    site: int
    visitor: str
    id: str
    name: str
    properties: dict[str, Any]
    at_ms: int
    received_ms: int
    trusted: bool = False
    profile_only: bool = False
    results_only: bool = False
    unheard: Unheard | None = None


class Assignment(
    msgspec.Struct, frozen=True, tag="assignment", tag_field="kind", omit_defaults=True, gc=False
):
    """A unit has been given an arm, with what was known of the visitor at that instant.

    `results_only` keeps it out of profiles, as for events.
    """

    site: int
    visitor: str
    decision_id: str
    experiment: str
    unit: str
    arm: str
    phase: int
    revision: int
    first: bool
    stage: str | None
    stages: dict[str, str]
    segments: tuple[str, ...]
    device: str | None
    country: str | None
    at_ms: int
    results_only: bool = False


class CapDelivery(msgspec.Struct, frozen=True, tag="cap", tag_field="kind", gc=False):
    """A capped rule has delivered, at one placement or at several of one decision; `id` is of this alone."""

    site: int
    visitor: str
    id: str
    rule: str
    decision_id: str
    at_ms: int


class ConsentSaid(msgspec.Struct, frozen=True, tag="consent", tag_field="kind", gc=False):
    """The visitor has granted or denied purposes; what is not named stands as it was."""

    site: int
    visitor: str
    id: str
    said: dict[str, bool]
    at_ms: int


class TraitsSet(msgspec.Struct, frozen=True, tag="traits", tag_field="kind", gc=False):
    """Traits were set, as a JSON merge patch: a null takes a trait away."""

    site: int
    visitor: str
    id: str
    traits: dict[str, Any]
    at_ms: int


class Merge(msgspec.Struct, frozen=True, tag="merge", tag_field="kind", gc=False):
    """A user was seen on a device: what `visitor` has gathered goes over to the profile `into`."""

    site: int
    visitor: str
    id: str
    into: str
    at_ms: int


class Unmerge(msgspec.Struct, frozen=True, tag="unmerge", tag_field="kind", gc=False):
    """All merges of `visitor` into the profile `into` are undone: each has its own again."""

    site: int
    visitor: str
    id: str
    into: str
    at_ms: int


class Erase(msgspec.Struct, frozen=True, tag="erase", tag_field="kind", gc=False):
    """All that came of `visitor` up to an instant is to be gone; what comes later begins anew."""

    site: int
    visitor: str
    id: str
    at_ms: int


class Inputs(msgspec.Struct, frozen=True, tag="inputs", tag_field="kind", gc=False):
    """What a decision was taken on, as JSON, so that it can be told again."""

    site: int
    visitor: str
    decision_id: str
    revision: int
    asked: msgspec.Raw
    at_ms: int


ProfileChange = CapDelivery | ConsentSaid | TraitsSet | Merge | Unmerge
"""What only profiles rest on."""

Record = Event | Assignment | ProfileChange | Inputs | Erase


# What has the id of a decision and none of its own.
_OF_A_DECISION = (Assignment, Inputs)


def is_for_profiles(record: Record) -> bool:
    """Whether a record is folded into profiles."""
    # Asked of every record, and `isinstance` of a union takes several times as long.
    kind = type(record)
    if kind is Event or kind is Assignment:
        return not record.results_only  # type: ignore[union-attr] # the line above says which two it can be
    return kind is not Inputs and kind is not Erase


def changes_profiles(record: Record) -> bool:
    """Whether a record can change a profile that has all before it: an arm once held is only told again."""
    # Decided without a call of the other function, as this one is asked of every record of a decision.
    kind = type(record)
    if kind is Assignment:
        return record.first and not record.results_only  # type: ignore[union-attr] # the line above says so
    return is_for_profiles(record)


def order_of(record: Record) -> tuple[int, str]:
    """Tell a record's place in the fold that a profile is: its instant, then its id."""
    return record.at_ms, record.decision_id if isinstance(record, _OF_A_DECISION) else record.id


def is_unheard(record: Record) -> bool:
    """Whether consent has still to decide what a record may serve."""
    return type(record) is Event and record.unheard is not None


def arrived_ms(record: Record) -> int:
    """Tell when a record came to us; an event may be told long after it happened."""
    return record.received_ms if isinstance(record, Event) else record.at_ms
