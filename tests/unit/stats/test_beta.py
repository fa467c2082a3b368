import math
from math import comb

import pytest

from app.stats.beta import Belief, Choice, compare_conversions
from tests.unit.stats.sums import converted


def compare(one: tuple[int, int], other: tuple[int, int], prior: Belief = Belief()) -> Choice:  # noqa: B008 - a belief never changes
    return compare_conversions(converted(*one), converted(*other), prior=prior)


def figures(found: Choice) -> tuple[float, float, float]:
    return found.chance_to_win, found.loss_of_control, found.loss_of_treatment


def chance_by_counting(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Miller's sum, in whole numbers: the chance that a beta of whole counts exceeds another."""
    a1, b1, a2, b2 = one[0] + 1, one[1] - one[0] + 1, other[0] + 1, other[1] - other[0] + 1

    def beta(a: int, b: int) -> float:
        return 1 / ((a + b - 1) * comb(a + b - 2, a - 1))

    return sum(beta(a1 + i, b1 + b2) / ((b2 + i) * beta(1 + i, b2) * beta(a1, b1)) for i in range(a2))


@pytest.mark.parametrize("one", [(0, 0), (0, 9), (4, 9), (9, 9), (30, 200)])
@pytest.mark.parametrize("other", [(0, 0), (0, 9), (5, 9), (9, 9), (45, 60)])
def test_the_chance_is_that_of_the_sum_over_whole_counts(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert compare(one, other).chance_to_win == pytest.approx(chance_by_counting(one, other), abs=1e-11)


def test_the_losses_differ_by_the_difference_of_the_beliefs() -> None:
    found = compare((3, 10), (6, 10))
    assert found.loss_of_control - found.loss_of_treatment == pytest.approx(7 / 12 - 4 / 12)


def test_uniform_beliefs_lose_a_sixth_either_way() -> None:
    # E[max(u - v, 0)] of two uniform numbers.
    found = compare((0, 0), (0, 0))
    assert figures(found) == pytest.approx((1 / 2, 1 / 6, 1 / 6))


@pytest.mark.parametrize("count", [0.1, 0.3, 0.6, 1.3])
@pytest.mark.parametrize("units", [0, 1, 30])
def test_beliefs_in_nearly_nothing_or_nearly_all_are_a_draw_with_themselves(count: float, units: int) -> None:
    for conversions in (0, units):
        found = compare((conversions, units), (conversions, units), Belief(count, count))
        assert found.chance_to_win == pytest.approx(0.5, abs=1e-10)
        assert found.loss_of_control == pytest.approx(found.loss_of_treatment, abs=1e-10)


def test_a_prior_of_half_counts_holds_the_pole_at_zero() -> None:
    # Beta(1/2, 1/2) against itself, and its E|p - q| = 4/π².
    found = compare((0, 0), (0, 0), Belief(0.5, 0.5))
    assert found.chance_to_win == pytest.approx(0.5, abs=1e-9)
    assert found.loss_of_control == pytest.approx(2 / math.pi**2, abs=1e-9)


@pytest.mark.parametrize("units", [1, 30, 10**6, 10**12])
def test_half_counts_hold_where_nobody_or_everybody_converted(units: int) -> None:
    half = Belief(0.5, 0.5)
    for conversions in (0, units):
        found = compare((conversions, units), (conversions, units), half)
        assert found.chance_to_win == pytest.approx(0.5, abs=1e-9)
    # With p = sin²θ both densities are 4/π cos²θ and 4/π sin²θ, and the chance is 1/2 + 4/π².
    assert compare((0, 1), (1, 1), half).chance_to_win == pytest.approx(0.5 + 4 / math.pi**2, abs=1e-9)


@pytest.mark.parametrize("units", [10**6, 10**9, 10**12])
def test_many_units_are_as_the_normal_distribution_says(units: int) -> None:
    share = units // 4
    step = round(math.sqrt(2 * units * 3 / 16))
    found = compare((share, units), (share + step, units))
    assert found.chance_to_win == pytest.approx(0.8413447, abs=2 / math.sqrt(units) + 1e-6)


def test_few_units_beside_many_are_compared_as_exactly() -> None:
    # All of the doubt lies with the few: one of one converted, Beta(2, 1), against 30 % known for sure.
    assert compare((3 * 10**9, 10**10), (1, 1)).chance_to_win == pytest.approx(0.91, abs=1e-8)
    assert compare((1, 1), (3 * 10**9, 10**10)).chance_to_win == pytest.approx(0.09, abs=1e-8)


@pytest.mark.parametrize("units", [1, 1000, 10**12])
def test_all_converted_on_both_sides_is_a_draw(units: int) -> None:
    assert compare((units, units), (units, units)).chance_to_win == pytest.approx(0.5, abs=1e-9)
    assert compare((0, units), (0, units)).chance_to_win == pytest.approx(0.5, abs=1e-9)


def test_all_against_none_is_beyond_doubt() -> None:
    assert figures(compare((0, 10**6), (10**6, 10**6))) == pytest.approx((1, 1, 0), abs=1e-5)
    assert compare((10**6, 10**6), (0, 10**6)).chance_to_win == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("prior", [Belief(0.09, 1), Belief(1, 0), Belief(math.nan, 1), Belief(1, math.inf)])
def test_what_is_no_prior_is_refused(prior: Belief) -> None:
    with pytest.raises(ValueError, match="prior counts"):
        compare((1, 2), (1, 2), prior)


@pytest.mark.parametrize("side", [(3, 2), (-1, 2), (0, -1)])
def test_more_conversions_than_units_are_refused(side: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="conversions of"):
        compare((1, 2), side)
