import math

import pytest

from app.stats.design import Design
from app.stats.midflight import detectable_effect, units_needed
from app.stats.power_of_means import effect_on_mean, size_for_means
from app.stats.sample import Sample

ONE, OTHER = Sample(1000, 2.0, 1.0), Sample(1000, 2.1, 1.0)
NOBODY, CERTAIN = Sample(0, None, None), Sample(1000, 0.0, 0.0)


def test_what_can_be_found_is_what_a_plan_of_that_size_finds() -> None:
    assert detectable_effect(ONE, OTHER) == pytest.approx(effect_on_mean(1000, 1.0), rel=1e-3)


def test_as_a_share_it_is_that_of_control() -> None:
    absolute, relative = (detectable_effect(ONE, OTHER, relative=relative) for relative in (False, True))
    assert relative == pytest.approx((absolute or 0) / 2)


def test_what_is_needed_is_what_a_plan_would_ask_for() -> None:
    assert units_needed(ONE, OTHER, 0.05) == pytest.approx(2 * size_for_means(0.05, 1.0), rel=1e-3)
    assert units_needed(ONE, OTHER, -0.05) == units_needed(ONE, OTHER, 0.05)
    assert units_needed(ONE, OTHER, 0.025, relative=True) == units_needed(ONE, OTHER, 0.05)


@pytest.mark.parametrize("n_star", [None, 5000])
def test_needed_and_detectable_agree(n_star: float | None) -> None:
    effect = detectable_effect(ONE, OTHER, n_star=n_star)
    assert effect is not None
    assert units_needed(ONE, OTHER, effect * (1 + 1e-9), n_star=n_star) in {2000, 2001}
    assert units_needed(ONE, OTHER, effect * (1 - 1e-9), n_star=n_star) in {2000, 2001}


def test_looking_all_the_time_costs_units() -> None:
    plain, always = (units_needed(ONE, OTHER, 0.1, n_star=n_star) for n_star in (None, 5000))
    assert plain is not None
    assert always is not None
    assert 1.2 * plain < always < 3 * plain


def test_tuned_for_far_too_many_units_nothing_is_found() -> None:
    assert units_needed(ONE, OTHER, 0.1, n_star=1.7e308) is None


def test_more_power_costs_units() -> None:
    assert (units_needed(ONE, OTHER, 0.1, design=Design(power=0.9)) or 0) > (
        units_needed(ONE, OTHER, 0.1) or 0
    )


@pytest.mark.parametrize("few", [NOBODY, Sample(1, 2.0, None), CERTAIN])
def test_without_variance_there_is_no_telling(few: Sample) -> None:
    assert detectable_effect(few, few) is None
    assert units_needed(few, few, 0.1) is None


def test_of_a_control_of_zero_nothing_is_a_share() -> None:
    zero = Sample(1000, 0.0, 1.0)
    assert detectable_effect(zero, OTHER, relative=True) is None
    assert units_needed(zero, OTHER, 0.1, relative=True) is None


@pytest.mark.parametrize("effect", [0.0, 1e-9, math.nan])
def test_an_effect_that_nobody_can_find_has_no_size(effect: float) -> None:
    assert units_needed(ONE, OTHER, effect) is None


@pytest.mark.parametrize("n_star", [0, -1, math.nan, math.inf])
def test_a_tuning_that_is_none_is_refused(n_star: float) -> None:
    with pytest.raises(ValueError, match="n_star"):
        detectable_effect(ONE, OTHER, n_star=n_star)


def test_what_can_not_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="power"):
        units_needed(ONE, OTHER, 0.1, design=Design(power=0))
