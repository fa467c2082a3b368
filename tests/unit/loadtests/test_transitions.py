from collections.abc import Iterable

import pytest

from loadtests.transitions import StageWays, Transition, kind_of

ORDER = ("awareness", "consideration", "decision", "retention", "advocacy")


def ways_of(seen: Iterable[tuple[str, str]]) -> StageWays:
    ways = StageWays(ORDER)
    for visitor, stage in seen:
        ways.seen(visitor, stage)
    return ways


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("awareness", "consideration", "forward"),
        ("retention", "advocacy", "forward"),
        ("awareness", "decision", "skipping"),
        ("consideration", "advocacy", "skipping"),
        ("decision", "consideration", "backward"),
        ("advocacy", "awareness", "backward"),
    ],
)
def test_a_step_is_forward_skipping_or_backward(before: str, after: str, kind: str) -> None:
    assert kind_of(before, after, ORDER) == kind


def test_everybody_starts_in_the_first_stage() -> None:
    ways = ways_of([("v", "decision")])
    assert ways.transitions() == [Transition("skipping", "awareness", "decision", 1)]


def test_staying_is_no_transition() -> None:
    assert ways_of([("v", "awareness"), ("v", "awareness")]).transitions() == []


def test_visitors_do_not_move_each_other() -> None:
    ways = ways_of([("a", "consideration"), ("b", "awareness"), ("a", "consideration")])
    assert ways.transitions() == [Transition("forward", "awareness", "consideration", 1)]


def test_the_stages_at_the_end_are_the_latest_in_the_journeys_order() -> None:
    ways = ways_of([("a", "advocacy"), ("b", "decision"), ("a", "consideration"), ("c", "consideration")])
    assert list(ways.visitors().items()) == [
        ("awareness", 0),
        ("consideration", 2),
        ("decision", 1),
        ("retention", 0),
        ("advocacy", 0),
    ]


def test_transitions_are_listed_by_kind_and_then_by_how_often() -> None:
    buyer = ("consideration", "decision", "retention", "consideration")
    ways = ways_of([*(("a", stage) for stage in buyer), ("b", "decision"), ("c", "consideration")])
    assert [(move.kind, move.before, move.count) for move in ways.transitions()] == [
        ("forward", "awareness", 2),
        ("forward", "consideration", 1),
        ("forward", "decision", 1),
        ("skipping", "awareness", 1),
        ("backward", "retention", 1),
    ]
