import pytest

from app.kit.breaker import FAILURES, REST_S, Breaker, Resting


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def failing(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.admit()
        breaker.failed()


def test_some_failures_stop_nobody() -> None:
    breaker = Breaker()

    failing(breaker, FAILURES - 1)
    breaker.admit()
    breaker.succeeded()
    failing(breaker, FAILURES - 1)
    breaker.admit()

    assert breaker.rests == 0


def test_after_several_failures_in_a_row_nobody_is_let_through_for_a_while() -> None:
    breaker = Breaker(clock=Clock())

    failing(breaker)

    for _ in range(3):
        with pytest.raises(Resting):
            breaker.admit()
    assert breaker.rests == 1


def test_one_tries_for_all_and_opens_the_way_where_it_succeeds() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    failing(breaker)

    clock.now += REST_S
    breaker.admit()
    with pytest.raises(Resting):
        breaker.admit()
    breaker.succeeded()

    for _ in range(FAILURES):
        breaker.admit()


def test_where_the_one_fails_too_the_next_has_its_turn_after_another_rest() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    failing(breaker)

    clock.now += REST_S
    breaker.admit()
    breaker.failed()
    with pytest.raises(Resting):
        breaker.admit()

    clock.now += REST_S
    breaker.admit()
    assert breaker.rests == 1
