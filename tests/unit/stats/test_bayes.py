import math

import pytest

from app.stats.bayes import Posterior, Prior, compare_bayesian, expected_loss, posterior_of
from app.stats.sample import Sample

ONE, OTHER = Sample(100, 10.0, 4.0), Sample(100, 10.5, 5.0)


def test_without_a_prior_the_chance_is_one_less_the_one_sided_p_value() -> None:
    found = compare_bayesian(ONE, OTHER, relative=False)
    assert (found.mean, found.error) == (0.5, 0.3)
    assert found.chance_to_win == pytest.approx(0.9522096)
    assert found.interval == pytest.approx((0.5 - 0.3 * 1.959964, 0.5 + 0.3 * 1.959964), abs=1e-6)


def test_a_prior_draws_the_difference_towards_its_mean_by_its_precision() -> None:
    found = compare_bayesian(ONE, OTHER, relative=False, prior=Prior(0.0, 0.09))
    assert found.mean == pytest.approx(0.25)
    assert found.error == pytest.approx(0.3 / math.sqrt(2))


def test_a_prior_of_no_weight_changes_nothing() -> None:
    plain, vague = compare_bayesian(ONE, OTHER), compare_bayesian(ONE, OTHER, prior=Prior(0.0, 1e12))
    assert vague.chance_to_win == pytest.approx(plain.chance_to_win)
    assert vague.mean == pytest.approx(plain.mean)


def test_the_losses_differ_by_the_difference() -> None:
    found = compare_bayesian(ONE, OTHER)
    assert found.loss_of_control is not None
    assert found.loss_of_treatment is not None
    assert found.loss_of_control - found.loss_of_treatment == pytest.approx(0.05)


def test_a_belief_without_doubt_loses_what_it_knows_it_loses() -> None:
    assert expected_loss(2.0, 0.0) == (2, 0)
    assert expected_loss(-2.0, 0.0) == (0, 2)


def test_far_from_zero_the_wrong_choice_loses_all_and_the_right_one_nothing() -> None:
    assert expected_loss(100.0, 1.0) == (100, 0)


@pytest.mark.parametrize(
    ("mean", "error"), [(math.nan, 1), (math.inf, 1), (0, -1), (0, math.nan), (0, math.inf)]
)
def test_what_is_no_belief_is_refused(mean: float, error: float) -> None:
    with pytest.raises(ValueError, match="belief"):
        expected_loss(mean, error)


@pytest.mark.parametrize("error", [0, -1, math.nan])
def test_a_belief_has_a_deviation(error: float) -> None:
    with pytest.raises(ValueError, match="deviation above 0"):
        posterior_of(1.0, error)


@pytest.mark.parametrize(
    "prior", [Prior(math.nan, 1), Prior(math.inf, 1), Prior(0, 0), Prior(0, -1), Prior(0, math.inf)]
)
def test_what_is_no_prior_is_refused(prior: Prior) -> None:
    with pytest.raises(ValueError, match="prior"):
        compare_bayesian(ONE, OTHER, prior=prior)


@pytest.mark.parametrize("alpha", [0, 1, 5e-324, math.nan])
def test_an_alpha_that_is_none_leaves_no_interval(alpha: float) -> None:
    found = posterior_of(1.0, 1.0, alpha=alpha)
    assert (found.interval, found.mean) == (None, 1)


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("few", [Sample(0, None, None), Sample(1, 2.0, None), Sample(5, 2.0, 0.0)])
def test_without_variance_nothing_is_believed(few: Sample, relative: bool) -> None:  # noqa: FBT001 - both are asked
    assert compare_bayesian(few, few, relative=relative) == Posterior()
