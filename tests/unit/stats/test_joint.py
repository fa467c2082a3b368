import pytest

from app.stats.joint import JointAggregate
from app.stats.linear import covariance_of, mean_at, ratio_at
from tests.unit.stats.sums import counted

# y = 1, 2, 4, 5 and x = 2, 1, 5, 4: means 3 and 3, squared deviations 10 and 10, products about the means 8.
FOUR = counted((1, 2), (2, 1), (4, 5), (5, 4))


def test_units_sums_and_products_grow_with_each_unit() -> None:
    assert counted((1, 2), (3, 4)) == JointAggregate(2, (4, 6), ((10, 14), (14, 20)))


def test_variance_and_covariance_divide_by_one_less_than_the_units() -> None:
    assert (FOUR.covariance(0, 0), FOUR.covariance(0, 1)) == (10 / 3, 8 / 3)


def test_a_negative_covariance_stays_negative() -> None:
    assert counted((1, -1), (3, -3)).covariance(0, 1) == -2


def test_equal_values_have_no_variance_even_where_rounding_would_make_it_negative() -> None:
    assert counted(*[(0.1, 1)] * 3).covariance(0, 0) == 0


def test_without_units_there_is_no_mean_and_with_one_no_covariance() -> None:
    assert JointAggregate.nothing(2).mean(0) is None
    assert counted((1, 2)).mean(1) == 2
    assert counted((1, 2)).covariance(0, 1) is None


def test_aggregates_of_other_values_do_not_merge() -> None:
    with pytest.raises(ValueError, match="shorter"):
        JointAggregate.nothing(2).merge(JointAggregate.nothing(1))


def test_merging_leaves_both_sides_as_they_were() -> None:
    one, other = counted((1, 2)), counted((3, 4))
    assert one.merge(other) == counted((1, 2), (3, 4))
    assert (one, other) == (counted((1, 2)), counted((3, 4)))


def test_the_variance_of_a_mean_is_that_of_its_value() -> None:
    mean = mean_at(FOUR, 0)
    assert mean is not None
    assert covariance_of(FOUR, mean, mean) == FOUR.covariance(0, 0)


def test_a_ratio_varies_as_the_delta_method_says() -> None:
    # R = 1: Var(y - x) / x̄² by hand; y - x = -1, 1, -1, 1.
    ratio = ratio_at(FOUR, 0, 1)
    assert ratio is not None
    assert covariance_of(FOUR, ratio, ratio) == pytest.approx(4 / 3 / 9)


def test_without_units_or_below_a_zero_there_is_no_figure() -> None:
    assert mean_at(JointAggregate.nothing(1), 0) is None
    assert ratio_at(JointAggregate.nothing(2), 0, 1) is None
    assert ratio_at(counted((1, 0), (2, 0)), 0, 1) is None


def test_one_unit_and_infinite_sums_have_no_covariance() -> None:
    one, endless = counted((1, 2)), JointAggregate(2, (1e200, 1), ((float("inf"), 1), (1, 1)))
    for joint in (one, endless):
        mean = mean_at(joint, 0)
        assert mean is not None
        assert covariance_of(joint, mean, mean) is None
