"""What counted when an event was taken in, worked out of all that was ever said and merged."""

from typing import Any

import pytest

from app.engine.records import ConsentSaid, Event, Merge, Record, TraitsSet, Unheard, Unmerge
from app.profiles.settle import Heard, settled_by

BOTH = ("personalization", "analytics")
DENIED = {"personalization": False, "analytics": False}
GRANTED = {"personalization": True, "analytics": True}
USER = "$user:u-1"


def unheard(at_ms: int, visitor: str = "v", *, device: str | None = None, **fields: Any) -> Event:
    """Something that was taken in at an instant, and is said to have happened long before."""
    return Event(1, visitor, f"e-{at_ms}", "x", {}, 0, at_ms, unheard=Unheard(BOTH, device), **fields)


def said(at_ms: int, answers: dict[str, bool], visitor: str = "v") -> ConsentSaid:
    return ConsentSaid(1, visitor, f"c-{at_ms}", answers, at_ms)


def merge(at_ms: int, device: str = "v", into: str = USER) -> Merge:
    return Merge(1, device, f"m-{at_ms}", into, at_ms)


def unmerge(at_ms: int, device: str = "v", into: str = USER) -> Unmerge:
    return Unmerge(1, device, f"m-{at_ms}", into, at_ms)


def is_kept(event: Event, *changes: Record, lively: tuple[str, ...] = ()) -> bool:
    return bool(settled_by({1: Heard(changes, lively)}, [event]))


def test_an_event_of_whom_nothing_is_known_is_as_the_site_has_it() -> None:
    [event] = settled_by({1: Heard([], ())}, [unheard(5, profile_only=True)])

    assert event == Event(1, "v", "e-5", "x", {}, 0, 5, profile_only=True)


def test_each_purpose_that_was_denied_is_kept_from_it() -> None:
    for purpose, profile_only, results_only in (
        ("analytics", True, False),
        ("personalization", False, True),
    ):
        [event] = settled_by({1: Heard([said(1, {purpose: False})], ())}, [unheard(5)])
        assert event == Event(
            1, "v", "e-5", "x", {}, 0, 5, profile_only=profile_only, results_only=results_only
        )


def test_of_who_has_denied_both_nothing_is_kept() -> None:
    assert not is_kept(unheard(5), said(1, DENIED))
    assert not is_kept(unheard(5), said(1, {"analytics": False}), said(2, {"personalization": False}))


def test_what_others_said_is_theirs() -> None:
    heard = {1: Heard([said(1, DENIED, "w")], ()), 2: Heard([said(1, DENIED)], ())}

    assert len(settled_by(heard, [unheard(5)])) == 1


def test_all_else_stays_as_it_is() -> None:
    others: list[Record] = [said(1, DENIED), merge(2), Event(1, "v", "e", "x", {}, 0, 3)]

    assert settled_by({1: Heard(others, ())}, [*others, unheard(5)]) == others


@pytest.mark.parametrize(("at_ms", "kept"), [(1, True), (2, False), (3, False), (4, True), (9, True)])
def test_what_was_said_last_before_it_came_counts_in_whatever_order_it_reaches_us(
    at_ms: int, *, kept: bool
) -> None:
    assert is_kept(unheard(at_ms), said(4, GRANTED), said(2, DENIED)) == kept


def test_what_is_told_twice_is_as_if_told_once() -> None:
    changes: list[Record] = [said(1, DENIED), said(2, GRANTED), merge(3), unmerge(4)]

    assert is_kept(unheard(5), *changes, *changes)
    assert not is_kept(unheard(5), *changes[:1] * 2)


def test_a_user_has_said_what_was_said_on_a_device_before_it_was_merged() -> None:
    assert is_kept(unheard(2, USER), said(1, DENIED), merge(3))
    assert not is_kept(unheard(4, USER), said(1, DENIED), merge(3))
    assert is_kept(unheard(6, USER), merge(3), said(5, DENIED))


def test_what_was_undone_is_not_the_users_any_more() -> None:
    assert is_kept(unheard(5, USER), said(1, DENIED), merge(2), unmerge(4))
    assert not is_kept(unheard(3, USER), said(1, DENIED), merge(2), unmerge(4))


def test_a_device_keeps_what_was_said_on_it() -> None:
    assert not is_kept(unheard(5), said(1, DENIED), merge(2))


def test_on_a_device_that_is_nobodys_its_answer_counts_for_the_user_too() -> None:
    assert not is_kept(unheard(5, USER, device="v"), said(1, DENIED))
    assert is_kept(unheard(5, USER), said(1, DENIED))
    assert is_kept(unheard(5, USER, device="v"), said(1, DENIED), said(2, GRANTED, USER))
    assert not is_kept(unheard(5, USER, device="v"), said(1, GRANTED, USER), said(2, DENIED))


def test_on_somebody_elses_device_the_users_own_answer_counts() -> None:
    assert is_kept(unheard(5, USER, device="v"), said(1, DENIED), merge(2, into="$user:u-2"), lively=("v",))
    assert not is_kept(unheard(1, USER, device="v"), said(1, DENIED), merge(2, into="$user:u-2"))


def test_on_their_own_device_it_counts_where_the_device_has_something_new() -> None:
    changes: list[Record] = [merge(2), said(3, DENIED)]

    assert is_kept(unheard(5, USER, device="v"), *changes)
    assert not is_kept(unheard(5, USER, device="v"), *changes, lively=("v",))


def test_traits_and_what_is_no_consent_say_nothing() -> None:
    assert is_kept(unheard(5), TraitsSet(1, "v", "t", {"analytics": False}, 1))
