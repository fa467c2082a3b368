import math

import pytest

from app.stats.sample_ratio import SampleRatio
from app.stats.sequential_ratio import log_marginals, watch_sample_ratio


def test_sizes_as_promised_are_no_surprise() -> None:
    assert watch_sample_ratio([5000, 2500, 2500], [2, 1, 1]) == SampleRatio(1.0)


def test_weights_count_in_any_scale() -> None:
    one, other = (watch_sample_ratio([5200, 4800], weights) for weights in ([1, 1], [0.5, 0.5]))
    assert one == other


def test_a_large_mismatch_raises_the_alarm() -> None:
    assert watch_sample_ratio([52_000, 48_000], [1, 1]).mismatch
    assert not watch_sample_ratio([50_200, 49_800], [1, 1]).mismatch


def test_watching_asks_for_more_than_looking_once() -> None:
    # The fixed test calls these a mismatch, with p = 0.0008.
    assert watch_sample_ratio([44_000, 45_000], [1, 1]).p_value == pytest.approx(0.0202, abs=0.0001)


def test_without_units_there_is_no_figure() -> None:
    assert watch_sample_ratio([0, 0], [1, 1]) == SampleRatio(None)
    assert watch_sample_ratio([], []) == SampleRatio(None)


def test_a_unit_where_none_was_promised_is_no_chance() -> None:
    assert watch_sample_ratio([100, 1], [1, 0]) == SampleRatio(0.0)


def test_an_empty_arm_of_weight_zero_is_left_out() -> None:
    assert watch_sample_ratio([520, 0, 480], [1, 0, 1]) == watch_sample_ratio([520, 480], [1, 1])


def test_a_single_arm_has_everybody_as_promised() -> None:
    assert watch_sample_ratio([10], [3]) == SampleRatio(1.0)


def test_a_trillion_units_are_no_trouble() -> None:
    many = 10**12
    assert watch_sample_ratio([many, many + 10**6], [1, 1]).p_value == 1
    assert watch_sample_ratio([many, many + 10**8], [1, 1]).p_value == 0


def test_a_single_unit_is_as_likely_as_its_arm() -> None:
    both = log_marginals([[1, 0]], [3, 1], prior=[1, 1])
    assert both == pytest.approx((math.log(0.5), math.log(0.75)))


def test_the_bayes_factor_does_not_depend_on_the_buckets() -> None:
    (m1, m0), (n1, n0) = (
        log_marginals(buckets, [1, 1], prior=[2, 3]) for buckets in ([[5, 9]], [[2, 4], [3, 0], [0, 5]])
    )
    assert m1 - m0 == pytest.approx(n1 - n0)


@pytest.mark.parametrize("concentration", [0, -1, math.inf, math.nan])
def test_a_concentration_that_is_none_is_refused(concentration: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        watch_sample_ratio([1, 2], [1, 1], concentration=concentration)


@pytest.mark.parametrize("weight", [-1, math.inf, math.nan])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weights must be above 0"):
        watch_sample_ratio([1, 2], [1, weight])


def test_a_count_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        watch_sample_ratio([5, -2], [1, 1])
