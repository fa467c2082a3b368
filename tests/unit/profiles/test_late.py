"""Whose a record is that comes behind the merge of its device."""

import pytest
from msgspec.structs import replace

from app.engine.records import (
    Assignment,
    CapDelivery,
    ConsentSaid,
    Event,
    Merge,
    Record,
    TraitsSet,
    Unmerge,
)
from app.profiles.late import whose
from tests.builders import assignment

MERGED = {(1, "v"): Merge(1, "v", "m", "u", 50)}
WHO = (1, "v", "id")
LEARNT: list[Event | TraitsSet] = [Event(*WHO, "x", {}, 40, 40), TraitsSet(*WHO, {"a": 1}, 40)]
KEPT: list[Assignment | CapDelivery | ConsentSaid] = [
    replace(assignment("e", "a", visitor="v"), at_ms=40),
    CapDelivery(*WHO, "r", "d", 40),
    ConsentSaid(*WHO, {"analytics": True}, 40),
]


@pytest.mark.parametrize("record", LEARNT)
def test_what_was_learnt_is_the_owners(record: Record) -> None:
    assert list(whose(record, MERGED)) == [replace(record, visitor="u")]


@pytest.mark.parametrize("record", KEPT)
def test_what_was_shown_and_said_is_on_both(record: Record) -> None:
    assert list(whose(record, MERGED)) == [record, replace(record, visitor="u")]


@pytest.mark.parametrize("record", [*LEARNT, *KEPT])
def test_what_came_after_the_merge_is_the_devices(record: Record) -> None:
    received = {"received_ms": 51} if isinstance(record, Event) else {}
    later: Record = replace(record, at_ms=51, **received)

    assert list(whose(later, MERGED)) == [later]


def test_an_event_counts_by_when_it_came() -> None:
    told_late, told_early = (Event(*WHO, "x", {}, at_ms, came) for at_ms, came in ((1, 51), (99, 50)))

    assert list(whose(told_late, MERGED)) == [told_late]
    assert [one.visitor for one in whose(told_early, MERGED)] == ["u"]


@pytest.mark.parametrize("record", [Merge(*WHO, "u", 40), Unmerge(*WHO, "u", 40)])
def test_merges_stay_what_they_are(record: Record) -> None:
    assert list(whose(record, MERGED)) == [record]


def test_others_are_not_concerned() -> None:
    for record in (replace(LEARNT[0], visitor="w"), replace(LEARNT[0], site=2)):
        assert list(whose(record, MERGED)) == [record]
