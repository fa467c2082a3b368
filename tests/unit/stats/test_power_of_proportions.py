import math

import pytest

from app.stats.design import Design
from app.stats.power_of_proportions import effect_on_proportion, power_of_proportions, size_for_proportions


def test_power_at_the_planned_size_is_the_power_that_was_planned() -> None:
    for design in (Design(), Design(power=0.9, ratio=3), Design(alpha=0.01, ratio=0.25)):
        n = size_for_proportions(0.1, 0.11, design=design)
        assert power_of_proportions(n, 0.1, 0.11, design=design) == pytest.approx(design.power)


def test_uneven_arms_need_more_units_in_all() -> None:
    even, uneven = (
        (1 + ratio) * size_for_proportions(0.1, 0.11, design=Design(ratio=ratio)) for ratio in (1, 9)
    )
    assert uneven == pytest.approx(even * 100 / 36, rel=0.02)


@pytest.mark.parametrize("upwards", [True, False])
def test_the_least_effect_is_found_with_the_planned_power(upwards: bool) -> None:  # noqa: FBT001 - both are asked
    effect = effect_on_proportion(10_000, 0.1, upwards=upwards)
    assert effect is not None
    other = 0.1 + effect if upwards else 0.1 - effect
    assert power_of_proportions(10_000, 0.1, other) == pytest.approx(0.8)
    assert size_for_proportions(0.1, other) == pytest.approx(10_000)


def test_where_no_effect_is_large_enough_there_is_none() -> None:
    assert effect_on_proportion(10, 0.05, upwards=False) is None
    assert effect_on_proportion(2, 0.5) is None


def test_two_certain_proportions_that_differ_are_told_apart_or_not() -> None:
    assert power_of_proportions(100, 0, 1) == 1
    assert power_of_proportions(1, 0, 1) == 0
    assert power_of_proportions(100, 0, 0) == 0


@pytest.mark.parametrize(("p1", "p2"), [(-0.1, 0.5), (0.5, 1.1), (math.nan, 0.5)])
def test_what_is_no_proportion_is_refused(p1: float, p2: float) -> None:
    with pytest.raises(ValueError, match="proportions"):
        size_for_proportions(p1, p2)


def test_no_number_of_units_tells_a_proportion_from_itself() -> None:
    with pytest.raises(ValueError, match="from itself"):
        size_for_proportions(0.1, 0.1)


@pytest.mark.parametrize("n", [0, -5, math.nan, math.inf])
def test_a_number_of_units_that_is_none_is_refused(n: float) -> None:
    with pytest.raises(ValueError, match="n must be"):
        power_of_proportions(n, 0.1, 0.2)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (Design(alpha=0), "alpha"),
        (Design(alpha=1), "alpha"),
        (Design(power=1), "power"),
        (Design(power=0.02), "power"),
        (Design(ratio=0), "ratio"),
        (Design(ratio=math.inf), "ratio"),
        (Design(alpha=math.nan), "alpha"),
    ],
)
def test_what_can_not_be_planned_is_refused(design: Design, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        size_for_proportions(0.1, 0.2, design=design)
