"""Work in steps."""

import weakref
from operator import itemgetter

from app.kit.steps import Steps, each, finished, letting_go, sorting


class Thing:
    """Something to hold on to."""


def counting(upto: int) -> Steps[int]:
    for _ in range(upto):
        yield
    return upto


def test_finished_work_gives_its_result() -> None:
    assert finished(counting(0)) == 0
    assert finished(counting(3)) == 3


def test_each_item_is_a_step() -> None:
    assert len(list(each(str, range(5)))) == 5
    assert finished(each(str, range(3))) == ["0", "1", "2"]


def test_sorting_in_steps_sorts_as_at_once_and_leaves_equals_in_their_order() -> None:
    for count in (0, 1, 255, 256, 257, 2_000):
        items = [(n * 7_919 % 50, n) for n in range(count)]

        assert finished(sorting(items, key=itemgetter(0))) == sorted(items, key=itemgetter(0))


def test_thousands_are_sorted_in_many_steps() -> None:
    assert len(list(sorting(range(2_000), key=int))) >= 2_000


def test_what_nobody_else_holds_is_let_go_of_one_by_one() -> None:
    held = [Thing() for _ in range(3)]
    keyed = {n: Thing() for n in range(3)}
    alive = [weakref.ref(thing) for thing in (*held, *keyed.values())]

    left = [sum(one() is not None for one in alive) for _ in letting_go(held, keyed)]

    assert left == [5, 4, 3, 2, 1, 0]
