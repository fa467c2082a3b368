from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.answers import Assignment
from loadtests.reconcile import Comparison, compare_assignments, compare_events, settled

ANSWERED = {
    "d1": (Assignment("hero", "control", 1), Assignment("$holdout", "personalized", 1)),
    "d2": (Assignment("hero", "treatment", 1),),
}
ROWS = [("d1", "hero", "control", 1), ("d1", "$holdout", "personalized", 1), ("d2", "hero", "treatment", 1)]


def test_everything_stored_once_is_exact() -> None:
    comparison = compare_assignments(ANSWERED, ROWS)
    assert comparison == Comparison(answered=3, stored=3)
    assert comparison.exact


@pytest.mark.parametrize("lost", range(3))
def test_an_assignment_without_a_row_is_missing(lost: int) -> None:
    comparison = compare_assignments(ANSWERED, ROWS[:lost] + ROWS[lost + 1 :])
    assert comparison == Comparison(answered=3, stored=2, missing=1)
    assert not comparison.exact


def test_an_assignment_with_two_rows_is_doubled() -> None:
    comparison = compare_assignments(ANSWERED, [*ROWS, ROWS[0], ROWS[0]])
    assert comparison == Comparison(answered=3, stored=5, doubled=1)
    assert not comparison.exact


def test_one_missing_and_one_doubled_do_not_even_out() -> None:
    comparison = compare_assignments(ANSWERED, [ROWS[0], ROWS[0], ROWS[1]])
    assert comparison == Comparison(answered=3, stored=3, missing=1, doubled=1)
    assert not comparison.exact


@pytest.mark.parametrize("row", [("d2", "hero", "control", 1), ("d2", "hero", "treatment", 2)])
def test_another_arm_or_phase_is_different(row: tuple[str, str, str, int]) -> None:
    comparison = compare_assignments(ANSWERED, [*ROWS[:2], row])
    assert comparison == Comparison(answered=3, stored=3, different=1)
    assert not comparison.exact


def test_a_row_that_its_decision_did_not_answer_is_surplus() -> None:
    comparison = compare_assignments(ANSWERED, [*ROWS, ("d2", "banner", "first", 1)])
    assert comparison == Comparison(answered=3, stored=4, surplus=1)
    assert not comparison.exact


def test_rows_of_other_decisions_pass() -> None:
    assert compare_assignments(ANSWERED, [*ROWS, ("d9", "hero", "control", 1)]).exact


def test_events_are_compared_by_their_ids() -> None:
    assert compare_events(["a", "b"], ["b", "a", "other"]) == Comparison(2, 2)
    assert compare_events(["a", "b"], ["b", "b"]) == Comparison(2, 2, missing=1, doubled=1)


def test_nothing_answered_and_nothing_stored_is_exact() -> None:
    assert compare_assignments({}, []).exact
    assert compare_events([], []).exact


@given(st.sets(st.text()), st.lists(st.text()))
def test_a_comparison_is_exact_just_when_each_answered_id_stands_once(ids: set[str], rows: list[str]) -> None:
    assert compare_events(ids, rows).exact == all(rows.count(id_) == 1 for id_ in ids)


def comparing(*results: Comparison) -> tuple[Callable[[], Awaitable[Comparison]], list[int]]:
    """Answer these comparisons in turn, the last one for ever, and count how often that was asked."""
    asked = [0]

    async def compare() -> Comparison:
        asked[0] += 1
        return results[min(asked[0], len(results)) - 1]

    return compare, asked


async def test_what_comes_late_is_waited_for() -> None:
    compare, asked = comparing(Comparison(2, 1, missing=1), Comparison(2, 2))
    assert (await settled(compare)).exact
    assert asked == [2]


async def test_what_never_comes_is_missing_once_the_time_is_over() -> None:
    compare, asked = comparing(Comparison(2, 1, missing=1))
    assert (await settled(compare, within_s=0)).missing == 1
    assert asked[0] >= 1


async def test_what_is_doubled_is_not_waited_for() -> None:
    compare, asked = comparing(Comparison(2, 3, doubled=1))
    assert (await settled(compare)).doubled == 1
    assert asked == [1]
