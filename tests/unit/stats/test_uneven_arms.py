import pytest

from app.stats.aggregates import Aggregate
from app.stats.always_valid import compare_always_valid
from app.stats.bayes import compare_bayesian
from app.stats.means import compare_means
from app.stats.sample import Baseline, Sample, proportion_of
from app.stats.uneven_arms import even_out

LARGE = Sample(400, 1.0, 9.0)


@pytest.mark.parametrize("units", [1, 5, 100, 133])
def test_the_error_is_that_of_one_variance_for_both(units: int) -> None:
    small = Sample(units, 0.5, 1.0)
    pooled = (400 * 9 + units * 1) / (400 + units) * (1 / 400 + 1 / units)
    for pair in ((LARGE, small), (small, LARGE)):
        one, other = even_out(*pair)
        assert one.squared_error is not None
        assert other.squared_error is not None
        assert one.squared_error + other.squared_error == pytest.approx(pooled)


@pytest.mark.parametrize(
    "other",
    [
        Sample(400, 0.5, 1.0),
        Sample(134, 0.5, 1.0),
        Sample(5, 0.5, 9.0),
        Sample(5, 0.5, 20.0),
        Sample(1, 0.5, None),
        Sample(0, None, None),
    ],
)
def test_arms_that_are_nearly_as_large_or_vary_as_much_stay_as_they_are(other: Sample) -> None:
    assert even_out(LARGE, other) == (LARGE, other)
    assert even_out(other, LARGE) == (other, LARGE)


def test_a_third_of_the_units_is_nearly_as_many() -> None:
    large, third = Sample(399, 1.0, 9.0), Sample(133, 0.5, 1.0)
    assert even_out(large, third) == (large, third)


def test_without_a_variance_to_go_by_the_small_arm_stays() -> None:
    small, unknown = Sample(5, 0.5, 1.0), Sample(400, 1.0, None)
    assert even_out(unknown, small) == (unknown, small)


def test_means_and_what_they_are_a_share_of_stay() -> None:
    small = Sample(5, 0.5, 1.0, Baseline(0.6, 2.0, 1.5))
    raised, _ = even_out(small, LARGE)
    assert (raised.units, raised.mean, raised.baseline) == (5, 0.5, small.baseline)


def test_an_arm_of_a_few_that_did_nothing_is_no_loser() -> None:
    control, treatment = proportion_of(Aggregate(5, 0, 0)), proportion_of(Aggregate(495, 25, 25))
    assert compare_always_valid(control, treatment).p_value == pytest.approx(0.004, abs=0.001)
    evened = even_out(control, treatment)
    assert compare_always_valid(*evened).p_value == 1
    # d = 0.0505 and its error is 0.0979, as of 25 conversions among 500.
    assert compare_bayesian(*evened, relative=False).chance_to_win == pytest.approx(0.697, abs=0.001)


def test_an_arm_of_a_few_that_spent_nothing_is_no_loser() -> None:
    control, treatment = Sample(5, 0.0, 0.0), Sample(495, 2.0, 90.0)
    found = compare_means(control, treatment).p_value
    assert found is not None
    assert found < 0.001
    evened = compare_means(*even_out(control, treatment)).p_value
    assert evened is not None
    assert evened > 0.5
