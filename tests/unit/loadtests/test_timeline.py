from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.journeys import build_step
from loadtests.steps import JourneyError, Step
from loadtests.timeline import ending_at, first_visitors

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000

MakeStep = Callable[..., Step]


def test_the_last_step_is_now_and_all_others_keep_their_distance(make_step: MakeStep) -> None:
    steps = [make_step(at_ms=at_ms, step_id=str(at_ms)) for at_ms in (5_000, 1_000, 9_000)]
    assert [step.at_ms for step in ending_at(steps, NOW_MS)] == [NOW_MS - 8_000, NOW_MS - 4_000, NOW_MS]


def test_steps_of_one_instant_keep_the_order_of_their_ids(make_step: MakeStep) -> None:
    steps = [make_step(step_id=f"s:{place:07d}") for place in (10, 9, 2)]
    assert [step.id for step in ending_at(steps, NOW_MS)] == ["s:0000002", "s:0000009", "s:0000010"]


def test_only_the_instant_changes(make_step: MakeStep) -> None:
    step = make_step()
    (moved,) = ending_at([step], NOW_MS)
    assert (moved.visitor, moved.id, moved.properties, moved.context) == (
        step.visitor,
        step.id,
        step.properties,
        step.context,
    )


def test_nothing_can_be_replayed_of_nothing() -> None:
    with pytest.raises(JourneyError, match="no step"):
        ending_at([], NOW_MS)


def test_journeys_longer_than_events_are_taken_back_are_refused(make_step: MakeStep) -> None:
    steps = [make_step(at_ms=0), make_step(at_ms=89 * DAY_MS, step_id="s:2")]
    assert len(ending_at(steps, NOW_MS)) == 2
    with pytest.raises(JourneyError, match="more than 89 days"):
        ending_at([*steps, make_step(at_ms=89 * DAY_MS + 1, step_id="s:3")], NOW_MS)


def test_a_limit_takes_the_visitors_that_come_first_with_all_their_steps(make_step: MakeStep) -> None:
    steps = [make_step(visitor=visitor) for visitor in ("b", "a", "b", "c", "a")]
    assert [step.visitor for step in first_visitors(steps, 2)] == ["b", "a", "b", "a"]


@pytest.mark.parametrize("limit", [None, 3, 99])
def test_a_limit_above_all_takes_all(make_step: MakeStep, limit: int | None) -> None:
    steps = [make_step(visitor=visitor) for visitor in "abc"]
    assert first_visitors(iter(steps), limit) == steps


@given(st.lists(st.integers(0, 80 * DAY_MS), min_size=1))
def test_shifting_keeps_every_distance(instants: list[int]) -> None:
    steps = [build_step(f"{i:07d}", "v", at, "product_viewed", "p") for i, at in enumerate(instants)]
    moved = ending_at(steps, NOW_MS)
    assert [step.at_ms - NOW_MS for step in moved] == [at - max(instants) for at in sorted(instants)]
