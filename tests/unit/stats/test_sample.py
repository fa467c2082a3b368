import math

import pytest

from app.stats.aggregates import Aggregate
from app.stats.joint import JointAggregate
from app.stats.sample import Baseline, Sample, mean_of, proportion_of, ratio_of, sample_of
from tests.unit.stats.sums import arm, converted, counted


def test_a_mean_comes_with_the_sample_variance() -> None:
    assert mean_of(arm(4, 12, 46)) == Sample(4, 3, 10 / 3)


def test_a_proportion_comes_with_that_of_a_coin() -> None:
    assert proportion_of(converted(25, 100)) == Sample(100, 0.25, 0.1875)


def test_a_ratio_comes_with_that_of_the_delta_method() -> None:
    found = ratio_of(counted((1, 2), (2, 1), (4, 5), (5, 4)))
    assert (found.units, found.mean) == (4, 1)
    assert found.variance == pytest.approx(4 / 27)


def test_the_variance_of_a_mean_is_that_of_a_unit_by_the_units() -> None:
    assert Sample(4, 3, 10).squared_error == 2.5
    assert Sample(4, 3, None).squared_error is None
    assert Sample(0, None, 1).squared_error is None


def test_a_relative_difference_is_a_share_of_the_mean_unless_another_baseline_is_named() -> None:
    assert Sample(4, 3, 10).whole == 3
    assert Sample(4, 3, 10, Baseline(2, 12, 11)).whole == 2


@pytest.mark.parametrize("found", [mean_of(Aggregate()), proportion_of(Aggregate())])
def test_without_units_there_is_no_figure(found: Sample) -> None:
    assert found == Sample(0, None, None)


def test_a_ratio_without_units_or_denominator_has_no_figure() -> None:
    assert ratio_of(JointAggregate.nothing(2)) == Sample(0, None, None)
    assert ratio_of(counted((1, 0), (2, 0))) == Sample(2, None, None)


def test_one_unit_has_a_mean_and_no_variance() -> None:
    assert mean_of(arm(1, 5, 25)) == Sample(1, 5, None)
    assert ratio_of(counted((3, 2))) == Sample(1, 1.5, None)


def test_more_conversions_than_units_have_no_variance() -> None:
    assert proportion_of(converted(11, 10)) == Sample(10, 1.1, None)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_no_figure(odd: float) -> None:
    assert sample_of(10, odd, odd) == sample_of(10, odd, 1.0) == Sample(10, None, None)
    assert mean_of(arm(10, odd, odd)) == Sample(10, None, None)
