import math

import pytest

from app.stats.design import Design
from app.stats.power_of_means import effect_on_mean, power_of_means, size_for_means


@pytest.mark.parametrize("design", [Design(), Design(power=0.95, ratio=4), Design(alpha=0.001, ratio=0.1)])
def test_power_at_the_planned_size_is_the_power_that_was_planned(design: Design) -> None:
    n = size_for_means(0.2, 1.5, design=design)
    assert power_of_means(n, 0.2, 1.5, design=design) == pytest.approx(design.power)


def test_the_least_effect_is_found_with_the_planned_power() -> None:
    effect = effect_on_mean(50, 3.0)
    assert power_of_means(50, effect, 3.0) == pytest.approx(0.8)
    assert size_for_means(effect, 3.0) == pytest.approx(50)


def test_the_sign_of_the_effect_does_not_matter() -> None:
    assert power_of_means(50, -1.0, 3.0) == power_of_means(50, 1.0, 3.0)
    assert size_for_means(-1.0, 3.0) == size_for_means(1.0, 3.0)


def test_an_effect_that_nobody_can_miss_needs_two_units_an_arm() -> None:
    assert size_for_means(1e6, 1.0) == 2


def test_many_units_are_as_the_normal_distribution_says() -> None:
    # n = 2 (z_{0.975} + z_{0.8})² / d².
    assert size_for_means(1e-5, 1.0) == pytest.approx(2 * 2.801585218**2 * 1e10, rel=1e-6)
    assert power_of_means(10**12, 4e-6, 1.0) == pytest.approx(0.8074304, abs=1e-6)


def test_an_effect_of_nothing_is_found_by_half_of_alpha() -> None:
    assert power_of_means(100, 0.0, 1.0) == pytest.approx(0.025)


@pytest.mark.parametrize("effect", [0.0, 1e-9])
def test_an_effect_that_nobody_can_find_is_refused(effect: float) -> None:
    with pytest.raises(ValueError, match="no number of units"):
        size_for_means(effect, 1.0)


@pytest.mark.parametrize("n", [0, -1, 1, math.nan, math.inf])
def test_a_number_of_units_that_is_none_is_refused(n: float) -> None:
    with pytest.raises(ValueError, match="more than 2 units"):
        power_of_means(n, 1.0, 1.0)


@pytest.mark.parametrize(("effect", "deviation"), [(1, 0), (1, -1), (1, math.inf), (math.nan, 1)])
def test_an_effect_or_a_deviation_that_is_none_is_refused(effect: float, deviation: float) -> None:
    with pytest.raises(ValueError, match="deviation"):
        power_of_means(50, effect, deviation)


def test_what_can_not_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha"):
        size_for_means(1.0, 1.0, design=Design(alpha=2))
