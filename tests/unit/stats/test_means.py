import math

import pytest

from app.stats.estimate import Estimate
from app.stats.means import compare_means, compare_relative, relative_of
from app.stats.sample import Baseline, Sample

ONE, OTHER = Sample(10, 20.0, 4.0), Sample(20, 23.0, 9.0)


def test_welch_leaves_each_side_its_variance() -> None:
    # 4/10 + 9/20 = 0.85, and Satterthwaite's degrees by hand.
    found = compare_means(ONE, OTHER)
    assert (found.value, found.error) == (3, math.sqrt(0.85))
    assert found.degrees == pytest.approx(0.85**2 / (0.4**2 / 9 + 0.45**2 / 19))


def test_pooling_gives_both_one_variance() -> None:
    found = compare_means(ONE, OTHER, method="pooled")
    variance = (9 * 4 + 19 * 9) / 28
    assert found.error == pytest.approx(math.sqrt(variance * (1 / 10 + 1 / 20)))
    assert found.degrees == 28


def test_the_normal_method_has_welchs_error_and_no_degrees() -> None:
    found = compare_means(ONE, OTHER, method="normal")
    assert (found.error, found.degrees) == (math.sqrt(0.85), None)


def test_where_one_side_does_not_vary_the_other_has_the_degrees() -> None:
    assert compare_means(Sample(10, 1.0, 0.0), OTHER).degrees == 19
    assert compare_means(ONE, Sample(20, 1.0, 0.0)).degrees == 9


def test_where_neither_varies_there_is_no_test() -> None:
    assert compare_means(Sample(10, 1.0, 0.0), Sample(10, 2.0, 0.0)) == Estimate(value=1)


@pytest.mark.parametrize("units", [0, 1])
@pytest.mark.parametrize("method", ["welch", "pooled", "normal"])
def test_a_side_without_a_variance_is_not_tested(units: int, method: str) -> None:
    few = Sample(units, 5.0 if units else None, None)
    found = compare_means(few, OTHER, method=method)  # type: ignore[arg-type] # one of the known methods
    assert found == Estimate(value=18.0 if units else None)


def test_two_units_in_all_leave_nothing_to_pool() -> None:
    lone = Sample(1, 5.0, 1.0)
    assert compare_means(lone, lone, method="pooled") == Estimate(value=0)
    assert compare_means(lone, lone) == Estimate(value=0)


def test_the_relative_difference_adds_the_doubt_about_control() -> None:
    found = compare_relative(ONE, OTHER)
    assert found.value == pytest.approx(0.15)
    assert found.error == pytest.approx(math.sqrt(0.45 / 400 + 0.4 * 23**2 / 20**4))
    assert found.degrees == compare_means(ONE, OTHER).degrees
    assert compare_relative(ONE, OTHER, method="normal").degrees is None


def test_a_margin_is_tested_as_another_null() -> None:
    found = compare_relative(ONE, OTHER, null=-0.01, alternative="greater")
    assert found.statistic == pytest.approx(0.16 / (found.error or 0))


def test_of_a_control_of_zero_nothing_is_a_share() -> None:
    assert relative_of(Sample(10, 0.0, 1.0), OTHER) == (None, None)
    assert compare_relative(Sample(10, 0.0, 1.0), OTHER) == Estimate()
    assert compare_relative(Sample(0, None, None), OTHER) == Estimate()
    assert compare_relative(ONE, Sample(0, None, None)) == Estimate()


def test_a_relative_difference_without_variance_is_not_tested() -> None:
    assert compare_relative(ONE, Sample(1, 23.0, None)).p_value is None


def test_an_adjusted_mean_is_compared_with_the_mean_as_it_was_counted() -> None:
    adjusted = Sample(10, 20.0, 4.0, Baseline(25.0, 16.0, 6.0)), Sample(20, 23.0, 9.0)
    # By hand: (9/20 + (4 + 2 L 6 + L² 16)/10) / 25², with the lift L = 3/25.
    assert relative_of(*adjusted) == pytest.approx((3 / 25, (0.45 + 0.4 + 0.144 + 0.02304) / 625))


def test_a_baseline_that_is_the_mean_itself_changes_nothing() -> None:
    plain, same = Sample(10, 20.0, 4.0), Sample(10, 20.0, 4.0, Baseline(20.0, 4.0, 4.0))
    assert relative_of(same, OTHER) == pytest.approx(relative_of(plain, OTHER))


def test_a_trillion_units_are_no_trouble() -> None:
    many = 10**12
    found = compare_means(Sample(many, 1.0, 1.0), Sample(many, 1.00001, 1.0))
    assert found.statistic == pytest.approx(1e-5 / math.sqrt(2e-12))
    assert found.degrees == pytest.approx(2e12)
    assert found.p_value == pytest.approx(1.5375e-12, rel=1e-3)
