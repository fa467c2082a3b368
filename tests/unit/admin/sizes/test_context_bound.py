"""Which segments and journeys cannot be told from a profile alone."""

import pytest

from app.admin.sizes.context_bound import bound_to_context
from tests.builders import journey, parsed, segment

GERMAN = segment("german", {"context.country": "DE"})


def test_what_asks_for_the_context_is_bound_to_it() -> None:
    document = parsed(segments=[GERMAN, segment("vip", {"traits.vip": True})])

    assert bound_to_context(document) == {("segments", "german")}


@pytest.mark.parametrize(
    "condition",
    [
        {"segments": "german"},
        {"$or": [{"traits.vip": True}, {"segments": {"$in": ["german"]}}]},
        {"$not": {"segments": {"$all": ["german"]}}},
    ],
)
def test_what_refers_to_it_is_bound_too(condition: dict[str, object]) -> None:
    document = parsed(segments=[segment("indirect", condition), GERMAN])

    assert ("segments", "indirect") in bound_to_context(document)


def test_a_segment_that_counts_segments_refers_to_all_of_them() -> None:
    counting = {"segments": {"$size": {"$gt": 1}}}

    bound = bound_to_context(
        parsed(journeys=[journey("new", {"key": "x", "when": counting})], segments=[GERMAN])
    )
    free = bound_to_context(parsed(journeys=[journey("new", {"key": "x", "when": counting})]))

    assert ("journeys", "purchase") in bound
    assert free == frozenset()


def test_a_journey_is_bound_by_what_lets_a_visitor_stay() -> None:
    late = {"key": "x", "when": {"traits.vip": True}, "stay": {"context.device": "mobile"}}

    assert bound_to_context(parsed(journeys=[journey("new", late)])) == {("journeys", "purchase")}


@pytest.mark.parametrize("path", ["stage", "stages.purchase"])
def test_who_refers_to_a_stage_is_bound_as_its_journey_is(path: str) -> None:
    document = parsed(
        journeys=[journey("new", {"key": "x", "when": {"context.hour": 3}})],
        segments=[segment("late", {path: "x"})],
    )

    assert ("segments", "late") in bound_to_context(document)


def test_the_stage_of_no_journey_binds_nobody() -> None:
    assert bound_to_context(parsed(segments=[segment("late", {"stage": "x"})])) == frozenset()
