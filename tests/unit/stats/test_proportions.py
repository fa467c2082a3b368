import pytest

from app.stats.estimate import Alternative, Estimate
from app.stats.proportions import compare_proportions
from tests.unit.stats.sums import converted

ALTERNATIVES: list[Alternative] = ["greater", "less"]


def compare(control: tuple[int, int], treatment: tuple[int, int], alpha: float = 0.05) -> Estimate:
    return compare_proportions(converted(*control), converted(*treatment), alpha=alpha)


def test_the_test_pools_both_sides() -> None:
    # statsmodels' documented example of proportions_ztest.
    assert compare((5, 83), (12, 99)).p_value == pytest.approx(0.15918129181156992, rel=1e-12)


def test_the_interval_does_not_pool() -> None:
    found = compare((42, 104), (500, 1009))
    assert found.interval == pytest.approx((-0.0075254411815593725, 0.1909134109917294), rel=1e-9)


def test_the_difference_is_seen_from_control() -> None:
    assert compare((1000, 10_000), (1080, 10_000)).value == pytest.approx(0.008)


def test_one_sided_the_p_value_is_that_of_the_side() -> None:
    both = compare((40, 100), (50, 100))
    greater, less = (
        compare_proportions(converted(40, 100), converted(50, 100), alternative=side) for side in ALTERNATIVES
    )
    assert greater.p_value == pytest.approx((both.p_value or 0) / 2)
    assert less.p_value == pytest.approx(1 - (both.p_value or 0) / 2)
    assert greater.statistic == less.statistic == both.statistic


def test_more_conversions_than_units_are_not_tested() -> None:
    found = compare((11, 10), (5, 10))
    assert found == Estimate(value=found.value)
    assert found.value == pytest.approx(-0.6)


def test_a_smaller_alpha_makes_a_wider_interval_and_the_same_p_value() -> None:
    wide, narrow = compare((40, 100), (50, 100), 0.01), compare((40, 100), (50, 100), 0.1)
    assert wide.interval is not None
    assert narrow.interval is not None
    assert wide.interval[0] < narrow.interval[0] < narrow.interval[1] < wide.interval[1]
    assert wide.p_value == narrow.p_value


def test_equal_shares_do_not_surprise() -> None:
    assert compare((10, 100), (20, 200)).p_value == 1.0


@pytest.mark.parametrize("conversions", [0, 50], ids=["nobody converted", "everybody converted"])
def test_where_all_did_the_same_the_sides_are_equal_and_no_interval_claims_certainty(
    conversions: int,
) -> None:
    found = compare((conversions, 50), (conversions, 50))
    assert (found.value, found.p_value, found.interval) == (0, 1.0, None)


def test_all_against_none_is_tested_but_has_no_interval() -> None:
    found = compare((0, 50), (50, 50))
    assert found.value == 1
    assert found.p_value == pytest.approx(1.523970604832094e-23, rel=1e-6)
    assert found.interval is None


@pytest.mark.parametrize(("control", "treatment"), [((0, 0), (1, 2)), ((1, 2), (0, 0)), ((0, 0), (0, 0))])
def test_a_side_without_units_leaves_no_figure(control: tuple[int, int], treatment: tuple[int, int]) -> None:
    assert compare(control, treatment) == Estimate()


@pytest.mark.parametrize("alpha", [0, 1, 2, -0.5, 5e-324, float("nan")])
def test_an_alpha_that_is_none_leaves_no_interval(alpha: float) -> None:
    found = compare((5, 83), (12, 99), alpha)
    assert found.interval is None
    assert found.p_value == pytest.approx(0.159, abs=0.0005)


def test_a_difference_beyond_all_doubt_has_a_p_value_of_zero() -> None:
    assert compare((0, 10**9), (10**9, 10**9)).p_value == 0
