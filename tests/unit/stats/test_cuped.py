import pytest

from app.stats.cuped import Adjusted, adjust_means, adjust_ratios, variance_left
from app.stats.joint import JointAggregate
from app.stats.sample import Baseline, Sample
from tests.unit.stats.sums import counted

# y is twice x, plus one in treatment: before tells everything.
CONTROL = counted((2, 1), (4, 2), (6, 3))
TREATMENT = counted((5, 2), (7, 3), (9, 4))


def test_a_covariate_that_tells_everything_leaves_the_effect_alone() -> None:
    both = adjust_means(CONTROL, TREATMENT)
    assert both.theta == pytest.approx(2.2727272727)
    assert both.variance_left == pytest.approx(1 - 12.5**2 / (5.5 * 29.5))


def test_both_arms_move_towards_each_other_around_the_common_mean() -> None:
    both = adjust_means(CONTROL, TREATMENT)
    assert both.control.mean == pytest.approx(4 + both.theta / 2)
    assert both.treatment.mean == pytest.approx(7 - both.theta / 2)


def test_the_baseline_stays_as_it_was_counted() -> None:
    both = adjust_means(CONTROL, TREATMENT)
    assert (both.control.whole, both.treatment.whole) == (4, 7)
    assert both.control.baseline == Baseline(4, 4, 4 - 2 * both.theta)


def test_a_covariate_that_does_not_vary_adjusts_nothing() -> None:
    both = adjust_means(counted((2, 7), (4, 7)), counted((5, 7), (9, 7)))
    assert both == Adjusted(Sample(2, 3, 2, Baseline(3, 2, 2)), Sample(2, 7, 8, Baseline(7, 8, 8)), 0.0, None)


def test_an_arm_without_units_leaves_the_other_as_it_was() -> None:
    both = adjust_means(JointAggregate.nothing(2), TREATMENT)
    assert both == Adjusted(Sample(0, None, None), Sample(3, 7, 4), 0.0, None) or both.treatment.mean == 7
    assert (both.control, both.theta) == (Sample(0, None, None), 0)


def test_one_unit_can_not_be_adjusted() -> None:
    both = adjust_means(counted((2, 1)), TREATMENT)
    assert (both.control, both.theta) == (Sample(1, 2, None), 0)


def test_ratios_are_adjusted_by_the_ratio_before() -> None:
    # The ratio now is the one before: nothing is left of the variance.
    control = counted((1, 2, 1, 2), (3, 4, 3, 4), (2, 5, 2, 5))
    both = adjust_ratios(control, counted((2, 2, 2, 2), (3, 5, 3, 5), (1, 3, 1, 3)))
    assert both.theta == pytest.approx(1)
    assert both.control.variance == pytest.approx(0, abs=1e-15)
    assert both.variance_left == pytest.approx(0, abs=1e-12)
    assert both.control.mean == pytest.approx(both.treatment.mean)


def test_where_one_arm_has_no_ratio_before_neither_is_adjusted() -> None:
    newcomers = counted((1, 2, 0, 0), (3, 4, 0, 0))
    both = adjust_ratios(newcomers, counted((2, 2, 2, 2), (3, 5, 3, 4)))
    assert (both.theta, both.variance_left) == (0, None)
    assert both.control.mean == pytest.approx(4 / 6)
    assert both.treatment.mean == pytest.approx(5 / 7)


@pytest.mark.parametrize(("variance", "before", "between", "left"), [(4, 4, 2, 0.75), (4, 9, -6, 0)])
def test_what_is_left_is_what_does_not_correlate(
    variance: float, before: float, between: float, left: float
) -> None:
    assert variance_left(variance, before, between) == left


@pytest.mark.parametrize(("variance", "before"), [(0, 1), (1, 0), (float("nan"), 1)])
def test_where_nothing_varies_nothing_is_left_to_tell(variance: float, before: float) -> None:
    assert variance_left(variance, before, 0) is None
