"""Who is served where many ask at once."""

import asyncio

from app.kit.admission import Admission


class Clock:
    """A clock that moves on by so much each time it is looked at."""

    def __init__(self, step_s: float) -> None:
        self.now_s = 100.0
        self._step_s = step_s

    def __call__(self) -> float:
        self.now_s += self._step_s
        return self.now_s


async def test_of_a_crowd_those_are_turned_away_who_would_wait_too_long() -> None:
    admission = Admission(patience_s=0.01, crowd=3, clock=Clock(0.004))

    assert [admission.admits() for _ in range(8)] == [True] * 5 + [False] * 3
    assert admission.refused == 3


async def test_a_few_are_served_however_long_it_takes() -> None:
    admission = Admission(patience_s=0.01, crowd=3, clock=Clock(60))

    assert [admission.admits() for _ in range(3)] == [True] * 3


async def test_a_crowd_that_is_served_quickly_is_served_whole() -> None:
    admission = Admission(patience_s=0.01, crowd=3, clock=Clock(0))

    assert all(admission.admits() for _ in range(10_000))
    assert admission.refused == 0


async def test_the_next_turn_begins_anew() -> None:
    admission = Admission(patience_s=0.01, crowd=3, clock=Clock(0.011))
    turned_away = [admission.admits() for _ in range(5)][-1]

    await asyncio.sleep(0)

    assert not turned_away
    assert [admission.admits() for _ in range(3)] == [True] * 3
