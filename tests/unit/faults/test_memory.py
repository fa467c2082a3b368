import os
import subprocess

import pytest

from tests.faults.memory import (
    BOUND_MIB_H,
    STEP_MIB,
    Sample,
    judge,
    longest_life,
    resident_mib,
    share_mib,
    slope_of,
)

# Of a pid that the system never gives.
NOBODY = 2**22 + 1


def samples(*mib: float, life: int = 1, begins_s: float = 0, every_s: float = 60) -> list[Sample]:
    return [Sample(begins_s + place * every_s, life, each) for place, each in enumerate(mib)]


def growing(mib_h: float, minutes: int = 60, life: int = 1) -> list[Sample]:
    return samples(*(100 + mib_h * minute / 60 for minute in range(minutes + 1)), life=life)


def test_the_slope_of_a_line_is_its_slope() -> None:
    assert slope_of(samples(100, 101, 102, every_s=10)) == pytest.approx(0.1)


def test_what_goes_up_and_comes_down_again_has_none() -> None:
    assert slope_of(samples(100, 104, 104, 100)) == pytest.approx(0)


@pytest.mark.parametrize("mib_h", [0, -50, BOUND_MIB_H])
def test_memory_that_grows_by_no_more_than_the_bound_is_flat(mib_h: float) -> None:
    judged = judge("shipper", growing(mib_h), 3_600)

    assert judged.flat
    assert judged.slope_mib_h == pytest.approx(mib_h)
    assert str(judged).endswith("flat")


def test_memory_that_grows_by_more_is_told() -> None:
    judged = judge("shipper", growing(BOUND_MIB_H + STEP_MIB * 2 + 1), 3_600)

    assert not judged.flat
    assert str(judged).endswith("GROWS")


def test_a_single_step_of_a_heap_is_no_growth_however_high() -> None:
    judged = judge("shipper", samples(*[100] * 50, *[120] * 10), 3_000)

    assert judged.flat
    assert (judged.slope_mib_h, judged.least_mib, judged.most_mib) == (0, 100, 120)


def test_one_step_after_the_other_is_growth() -> None:
    steps = samples(*(100 + 4 * (minute // 10) for minute in range(61)))

    assert judge("shipper", steps, 3_600).slope_mib_h == pytest.approx(24, rel=0.2)
    assert not judge("shipper", steps, 3_600).flat


def test_a_small_step_is_none_however_short_the_time() -> None:
    step = samples(*[100] * 15, *[100 + STEP_MIB / 2] * 5, every_s=5)

    assert judge("shipper", step, 100).flat


def test_what_a_process_takes_while_it_warms_up_does_not_count() -> None:
    warm = samples(*range(50, 110, 2), *[110] * 31)

    judged = judge("shipper", warm, 3_600)

    assert judged.slope_mib_h == pytest.approx(0)
    assert judged.flat


def test_growth_that_begins_late_does_count() -> None:
    late = samples(*[100] * 31, *range(100, 130))

    assert not judge("shipper", late, 3_600).flat


def test_only_the_longest_life_is_judged() -> None:
    killed, kept = growing(600, minutes=20, life=1), growing(0, minutes=40, life=2)
    then = [Sample(one.at_s + 1_260, one.life, one.mib) for one in kept]

    judged = judge("shipper", [*killed, *then], 3_600)

    assert longest_life([*killed, *then]) == then
    assert (judged.life_s, judged.flat) == (2_400, True)


def test_two_lives_under_one_number_are_two() -> None:
    apart = [*samples(1, 1), *samples(2, 2, life=2, begins_s=120), *samples(3, 3, 3, begins_s=240)]

    assert [one.mib for one in longest_life(apart)] == [3, 3, 3]


@pytest.mark.parametrize("seen", [[], samples(100), growing(0, minutes=19)])
def test_of_too_short_a_life_nothing_is_believed(seen: list[Sample]) -> None:
    judged = judge("shipper", seen, 3_600)

    assert not judged.flat
    assert str(judged).endswith("TOO SHORT A LIFE")


def test_a_process_has_memory_until_it_ends() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()

    assert resident_mib(os.getpid()) > share_mib([os.getpid()]) > 1
    assert resident_mib(ended.pid) == share_mib([ended.pid, NOBODY]) == 0


def test_what_processes_share_is_counted_once() -> None:
    with subprocess.Popen(["sleep", "60"]) as one, subprocess.Popen(["sleep", "60"]) as other:
        try:
            assert 0 < share_mib([one.pid, other.pid]) < resident_mib(one.pid) + resident_mib(other.pid)
        finally:
            one.kill()
            other.kill()
