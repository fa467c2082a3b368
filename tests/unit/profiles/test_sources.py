"""Whose records a profile is the fold of."""

from math import inf

from msgspec.structs import replace

from app.engine.records import Event, Merge, Unmerge
from app.profiles.sources import Sources, gathered, standing

Changes = list[Merge | Unmerge]


def merge(device: str, into: str, at_ms: int) -> Merge:
    return Merge(1, device, f"m-{at_ms}", into, at_ms)


def came(visitor: str, at_ms: int) -> Event:
    return Event(1, visitor, "e-1", "x", {}, at_ms, at_ms)


def unmerge(device: str, into: str, at_ms: int) -> Unmerge:
    return Unmerge(1, device, f"m-{at_ms}", into, at_ms)


def test_a_profile_without_merges_is_made_of_its_own_records() -> None:
    assert gathered("v", []) == Sources({"v": inf}, None)


def test_a_users_profile_has_its_devices_up_to_their_last_merge() -> None:
    changes = [merge("v", "u", 1), merge("w", "u", 2), merge("v", "u", 3)]

    assert gathered("u", changes) == Sources({"u": inf, "v": 3, "w": 2}, None)


def test_a_device_that_went_over_knows_when_it_last_did() -> None:
    assert gathered("v", [merge("v", "u", 1), last := merge("v", "u", 3)]) == Sources({"v": inf}, last)


def test_what_was_undone_counts_no_more() -> None:
    changes: Changes = [merge("v", "u", 1), merge("w", "u", 2), merge("v", "u", 3), unmerge("v", "u", 4)]

    assert gathered("u", changes) == Sources({"u": inf, "w": 2}, None)
    assert gathered("v", changes) == Sources({"v": inf}, None)


def test_a_device_that_is_somebody_elses_has_no_part() -> None:
    changes = [merge("v", "other", 1), merge("v", "u", 2)]

    assert gathered("u", changes) == Sources({"u": inf}, None)


def test_records_count_up_to_the_instant_of_the_merge() -> None:
    sources = gathered("u", [merge("v", "u", 5)])

    assert [sources.hold(came("v", at_ms)) for at_ms in (4, 5, 6)] == [True, True, False]
    assert sources.hold(came("u", 10**15))
    assert not any(map(sources.have_lost, (came("v", 4), came("u", 4))))


def test_what_happened_before_a_merge_but_was_told_after_it_counts_no_more() -> None:
    sources = gathered("u", [merge("v", "u", 5)])

    assert not sources.hold(replace(came("v", 6), at_ms=1))
    assert sources.hold(replace(came("v", 4), at_ms=9))


def test_events_that_went_over_count_no_more() -> None:
    sources = gathered("v", [merge("v", "u", 5)])

    assert [sources.hold(came("v", at_ms)) for at_ms in (4, 5, 6)] == [True, True, True]
    assert [sources.have_lost(came("v", at_ms)) for at_ms in (4, 5, 6)] == [True, True, False]


def test_the_last_merge_with_the_first_user_stands() -> None:
    assert standing([]) is None
    assert standing([merge("v", "a", 1), merge("v", "b", 2)]) == merge("v", "a", 1)
    assert standing([merge("v", "a", 1), merge("v", "b", 2), merge("v", "a", 3)]) == merge("v", "a", 3)


def test_an_undoing_is_of_its_own_pair_alone() -> None:
    first = merge("v", "a", 1)

    assert standing([first, unmerge("v", "b", 2)]) == first
    assert standing([first, unmerge("v", "a", 2)]) is None
    assert standing([unmerge("v", "a", 0), first]) == first


def test_after_an_undoing_whoever_comes_next_is_first() -> None:
    changes: Changes = [merge("v", "a", 1), merge("v", "b", 2), unmerge("v", "a", 3)]

    assert standing(changes) is None
    assert standing([*changes, merge("v", "b", 4)]) == merge("v", "b", 4)
