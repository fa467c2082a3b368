import math

import pytest

from app.stats.estimate import Asked, Estimate, estimate_of, p_value_of

INF = math.inf


def test_two_sided_the_interval_lies_around_the_value() -> None:
    found = estimate_of(1.0, 0.25, Asked())
    assert (found.value, found.error, found.statistic, found.degrees) == (1, 0.5, 2, None)
    # The normal distribution's 97.5th percentile, and its tail beyond 2, as printed in any table.
    assert found.interval == pytest.approx((1 - 0.9799820, 1 + 0.9799820), abs=1e-7)
    assert found.p_value == pytest.approx(0.0455003, abs=1e-7)


def test_few_degrees_make_it_wider() -> None:
    found = estimate_of(1.0, 0.25, Asked(), degrees=10)
    assert found.degrees == 10
    assert found.interval == pytest.approx((1 - 1.1140694, 1 + 1.1140694), abs=1e-6)
    assert found.p_value == pytest.approx(0.0733880, abs=1e-6)


def test_one_sided_the_interval_is_open_on_one_side() -> None:
    greater = estimate_of(1.0, 0.25, Asked(alternative="greater"))
    less = estimate_of(1.0, 0.25, Asked(alternative="less"))
    assert greater.interval == pytest.approx((1 - 0.8224268, INF), abs=1e-7)
    assert less.interval == pytest.approx((-INF, 1 + 0.8224268), abs=1e-7)
    assert greater.p_value == pytest.approx(0.0227501, abs=1e-7)
    assert less.p_value == pytest.approx(1 - 0.0227501, abs=1e-7)


def test_another_null_moves_the_statistic_and_not_the_interval() -> None:
    plain, moved = estimate_of(1.0, 0.25, Asked()), estimate_of(1.0, 0.25, Asked(null=1.0))
    assert moved.interval == plain.interval
    assert (moved.statistic, moved.p_value) == (0, 1)


@pytest.mark.parametrize("error", [None, 0.0, -1.0, INF, math.nan])
def test_without_an_error_there_is_a_value_and_no_test(error: float | None) -> None:
    assert estimate_of(1.0, error, Asked()) == Estimate(value=1.0)


@pytest.mark.parametrize("null", [INF, math.nan])
def test_without_a_finite_null_there_is_no_test(null: float) -> None:
    assert estimate_of(1.0, 1.0, Asked(null=null)) == Estimate(value=1.0)


@pytest.mark.parametrize("degrees", [0, -1, math.nan])
def test_without_degrees_there_is_no_test(degrees: float) -> None:
    assert estimate_of(1.0, 1.0, Asked(), degrees) == Estimate(value=1.0)


@pytest.mark.parametrize("value", [None, INF, math.nan])
def test_without_a_finite_value_there_is_nothing(value: float | None) -> None:
    assert estimate_of(value, 1.0, Asked()) == Estimate()


@pytest.mark.parametrize("alpha", [0, 1, 2, -0.5, 5e-324, math.nan])
@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_an_alpha_that_is_none_leaves_no_interval(alpha: float, alternative: str) -> None:
    found = estimate_of(1.0, 1.0, Asked(alpha=alpha, alternative=alternative))  # type: ignore[arg-type] # one of the known ones
    assert found.interval is None or (alpha == 5e-324 and alternative == "greater")
    assert found.p_value is not None


def test_far_out_p_values_are_small_and_never_below_zero() -> None:
    assert p_value_of(38.0, "two-sided") == pytest.approx(5.77e-316, rel=0.01)
    assert p_value_of(1e9, "greater") == 0
    assert p_value_of(-1e9, "greater") == 1
