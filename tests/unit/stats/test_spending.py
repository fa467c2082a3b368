import math
from statistics import NormalDist

import pytest

from app.stats.crossing import Walk
from app.stats.estimate import Estimate
from app.stats.spending import Spending, boundaries, compare_repeatedly, spent_at

WEEKS = [1 / 4, 1 / 2, 3 / 4, 1]
SPENDINGS: list[Spending] = ["obrien_fleming", "pocock"]


def seen(z: float) -> Estimate:
    return Estimate(value=z / 10, error=0.1, statistic=z, p_value=0.5, degrees=7)


def repeated_p(z: float, times: list[float], spending: Spending = "obrien_fleming") -> float:
    found = compare_repeatedly(seen(z), times, spending=spending)
    assert found.p_value is not None
    return found.p_value


@pytest.mark.parametrize("spending", SPENDINGS)
def test_in_the_end_all_of_alpha_is_spent(spending: Spending) -> None:
    assert spent_at(1, alpha=0.05, spending=spending) == pytest.approx(0.05)


@pytest.mark.parametrize("spending", SPENDINGS)
def test_a_single_look_at_the_end_is_the_plain_test(spending: Spending) -> None:
    assert boundaries([1], spending=spending).z == pytest.approx((1.959963984540054,), rel=1e-9)


def test_obrien_and_fleming_begin_strictly_and_end_like_the_plain_test() -> None:
    z = boundaries(WEEKS).z
    assert list(z) == sorted(z, reverse=True)
    assert z[0] > 4
    assert z[-1] < 2.05


def test_the_looks_to_come_change_nothing_about_those_before() -> None:
    assert boundaries(WEEKS).z[:2] == boundaries(WEEKS[:2]).z


def test_what_leaves_the_boundaries_is_what_was_spent() -> None:
    # Two looks, at half and at all of the information: the bivariate normal, summed on a plain grid.
    first, second = boundaries([0.5, 1], spending="pocock").z
    normal, step = NormalDist(), 1e-3
    points = [-first + (i + 0.5) * step for i in range(int(2 * first / step))]
    stays = sum(
        normal.pdf(x)
        * (normal.cdf(second * math.sqrt(2) - x) - normal.cdf(-second * math.sqrt(2) - x))
        * step
        for x in points
    )
    assert 1 - stays == pytest.approx(0.05, abs=1e-4)


def test_nothing_spent_is_a_boundary_that_nobody_reaches() -> None:
    found = boundaries([1e-4, 1])
    assert found.z[0] == math.inf
    assert found.z[1] == pytest.approx(1.959963984540054, rel=1e-6)


def test_looks_may_lie_close_together() -> None:
    z = boundaries([0.5, 0.5002, 0.5004, 1], spending="pocock").z
    assert all(bound > 1.96 for bound in z)
    assert max(z) < 4.5


def test_chance_that_is_none_has_no_boundary() -> None:
    assert Walk().boundary_for(0.0, 1.0) == math.inf
    assert Walk().boundary_for(math.nan, 1.0) == math.inf


def test_the_whole_chance_is_a_boundary_of_nothing() -> None:
    assert Walk().boundary_for(1.0, 1.0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("times", [[0.5, 0.5], [0.5, 0.4], [0.5, 0.50001], [0.0, 1], [0.5, 1.1], [math.nan]])
def test_times_that_do_not_rise_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="time"):
        boundaries(times)


@pytest.mark.parametrize("alpha", [0, 1, -1, math.nan])
def test_an_alpha_that_is_none_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        spent_at(0.5, alpha=alpha)


def test_no_look_has_no_boundary() -> None:
    assert boundaries([]).z == ()
    with pytest.raises(ValueError, match="look"):
        compare_repeatedly(seen(1), [])


def test_the_repeated_interval_is_the_boundary_times_the_error() -> None:
    found = compare_repeatedly(seen(2), WEEKS[:2])
    bound = boundaries(WEEKS[:2]).z[-1]
    assert found.interval == pytest.approx((0.2 - 0.1 * bound, 0.2 + 0.1 * bound))
    assert found.degrees is None


@pytest.mark.parametrize("spending", SPENDINGS)
def test_the_repeated_p_value_is_alpha_just_at_the_boundary(spending: Spending) -> None:
    bound = boundaries(WEEKS, spending=spending).z[-1]
    assert repeated_p(bound, WEEKS, spending) == pytest.approx(0.05, rel=1e-5)
    assert repeated_p(bound + 0.01, WEEKS, spending) < 0.05 < repeated_p(bound - 0.01, WEEKS, spending)


def test_at_a_single_look_the_repeated_p_value_is_the_plain_one() -> None:
    assert repeated_p(2.5, [1.0]) == pytest.approx(2 * NormalDist().cdf(-2.5), rel=1e-6)


def test_a_difference_of_nothing_is_never_surprising() -> None:
    assert repeated_p(0, WEEKS) == 1


@pytest.mark.parametrize("times", [[0.1], [0.5], WEEKS, [1.0]])
def test_beyond_all_doubt_the_repeated_p_value_is_as_good_as_zero(times: list[float]) -> None:
    assert 0 < repeated_p(40, times, "pocock") < 1e-13


@pytest.mark.parametrize("spending", SPENDINGS)
@pytest.mark.parametrize("z", [0.5, 1.5, 3.0, 7.0])
@pytest.mark.parametrize("looks", [1, 2, 5, 10])
def test_the_boundary_at_the_repeated_p_value_is_the_statistic(
    spending: Spending, z: float, looks: int
) -> None:
    times = [(i + 1) / 10 for i in range(looks)]
    p_value = repeated_p(z, times, spending)
    assert p_value == 1 or boundaries(times, alpha=p_value, spending=spending).z[-1] == pytest.approx(z)


def test_what_was_not_tested_stays_so() -> None:
    assert compare_repeatedly(Estimate(value=3.0), WEEKS) == Estimate(value=3.0)
    assert compare_repeatedly(Estimate(), WEEKS) == Estimate()
