import math

import pytest

from app.stats.always_valid import compare_always_valid, reach_of, rho_squared
from app.stats.estimate import Estimate
from app.stats.means import compare_means
from app.stats.sample import Sample

ONE, OTHER = Sample(1000, 1.0, 1.0), Sample(1000, 1.1, 1.0)


def test_the_interval_is_wider_than_one_at_a_fixed_size() -> None:
    always, fixed = compare_always_valid(ONE, OTHER), compare_means(ONE, OTHER)
    assert always.interval is not None
    assert fixed.interval is not None
    assert always.interval[0] < fixed.interval[0] < fixed.interval[1] < always.interval[1]
    assert (always.value, always.error) == (fixed.value, fixed.error)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_the_p_value_is_below_alpha_just_where_the_interval_leaves_zero(alpha: float) -> None:
    reach = reach_of(2000, alpha=alpha, n_star=5000) * math.sqrt(2 / 1000)
    for value, found in ((reach * 0.999, False), (reach * 1.001, True)):
        estimate = compare_always_valid(Sample(1000, 0.0, 1.0), Sample(1000, value, 1.0), alpha=alpha)
        assert estimate.p_value is not None
        assert (estimate.p_value < alpha) is found


def test_the_interval_is_tightest_at_the_units_it_was_tuned_for() -> None:
    def reach(n_star: float) -> float:
        return reach_of(20_000, alpha=0.05, n_star=n_star)

    # The tuning is an approximation, good to a quarter.
    assert reach(20_000) < min(reach(5_000), reach(80_000))


def test_without_units_or_tuned_for_far_too_many_the_interval_reaches_everywhere() -> None:
    assert reach_of(0, alpha=0.05, n_star=5_000) == math.inf
    assert reach_of(1e-9, alpha=0.05, n_star=1e308) > 1e100
    assert reach_of(1e15, alpha=0.05, n_star=1e-300) == math.inf


def test_the_tuning_is_that_of_the_paper() -> None:
    assert rho_squared(0.05, 1) == pytest.approx(-2 * math.log(0.05) + math.log(1 - 2 * math.log(0.05)))


def test_a_difference_of_nothing_is_never_surprising() -> None:
    assert compare_always_valid(ONE, ONE).p_value == 1


def test_a_difference_beyond_all_doubt_has_a_p_value_of_zero() -> None:
    assert compare_always_valid(ONE, Sample(1000, 1e9, 1.0)).p_value == 0


def test_the_relative_interval_is_a_share_of_control() -> None:
    found = compare_always_valid(Sample(1000, 2.0, 1.0), Sample(1000, 2.2, 1.0), relative=True)
    assert found.value == pytest.approx(0.1)


@pytest.mark.parametrize("few", [Sample(0, None, None), Sample(1, 2.0, None), Sample(5, 2.0, 0.0)])
@pytest.mark.parametrize("relative", [False, True])
def test_without_variance_there_is_no_test(few: Sample, relative: bool) -> None:  # noqa: FBT001 - both are asked
    found = compare_always_valid(few, few, relative=relative)
    assert found == Estimate(value=0.0 if few.units else None)


@pytest.mark.parametrize(("alpha", "n_star"), [(0, 10), (1, 10), (math.nan, 10), (0.1, 0), (0.1, math.inf)])
def test_an_alpha_or_a_size_that_is_none_leaves_the_value_alone(alpha: float, n_star: float) -> None:
    assert compare_always_valid(ONE, ONE, alpha=alpha, n_star=n_star) == Estimate(value=0)
