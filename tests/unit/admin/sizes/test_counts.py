"""Visitors of a sample, counted by segment and stage."""

import random
from itertools import combinations

from app.admin.sizes import counts as module
from app.admin.sizes.counts import Counts
from tests.builders import journey, ruleset, segment

RULES = ruleset(
    segments=[segment(key, {}) for key in ("a", "b", "c", "empty")], journeys=[journey("new", "known")]
)


def test_members_of_segments_and_stages_are_counted() -> None:
    counts = Counts(RULES)
    counts.add(["a", "b"], {"purchase": "new"})
    counts.add(["a"], {"purchase": "known"})

    assert (counts.visitors, counts.in_segment("a"), counts.in_segment("b")) == (2, 2, 1)
    assert (counts.in_stage("purchase", "new"), counts.in_stage("purchase", "nowhere")) == (1, 0)


def test_who_is_in_two_segments_is_counted_for_each_pair() -> None:
    draw, counts = random.Random(7), Counts(RULES)  # noqa: S311 - making up visitors is not cryptography
    people = [{key for key in ("a", "b", "c") if draw.random() < 0.4} for _ in range(1_000)]
    for person in people:
        counts.add(person, {})

    largest, shared = counts.shared()

    assert set(largest) == {"a", "b", "c", "empty"}
    told = {frozenset({largest[pair.one], largest[pair.other]}): pair.both for pair in shared}
    assert told == {
        frozenset(two): sum({*two} <= person for person in people) for two in combinations(("a", "b", "c"), 2)
    }


def test_of_very_many_segments_the_largest_are_paired() -> None:
    keys = [f"s{number}" for number in range(module.OVERLAPPED + 1)]
    counts = Counts(ruleset(segments=[segment(key, {}) for key in keys]))
    counts.add(keys[1:], {})

    largest, shared = counts.shared()

    assert keys[0] not in largest
    assert {pair.both for pair in shared} == {1}


def test_the_pairs_most_alike_come_first() -> None:
    counts = Counts(RULES)
    for segments in (["a"], ["a", "b", "c"], ["b", "c"], ["a"]):
        counts.add(segments, {})

    largest, shared = counts.shared()

    first, *others = [{largest[pair.one], largest[pair.other]} for pair in shared]
    assert (first, len(others)) == ({"b", "c"}, 2)
