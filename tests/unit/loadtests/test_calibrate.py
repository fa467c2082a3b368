from collections.abc import Iterator
from math import inf, isfinite

import numpy as np
import pytest

from loadtests.calibrate.__main__ import SIMULATIONS, Simulation, calibrate
from loadtests.calibrate.beliefs import calibrated, centered
from loadtests.calibrate.figure import Figure, at_most, rate
from loadtests.calibrate.rows import ORDERS, SESSIONS, arms, normal_arms, only


def drawn() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_rate_may_stray_by_as_much_as_chance_does() -> None:
    # √(0.05 · 0.95 / 10,000) = 0.002179, times 3.29.
    assert rate("x", 500, 10_000, 0.05)[2:] == pytest.approx((0.04283, 0.05717), abs=1e-5)
    assert rate("x", 571, 10_000, 0.05).holds
    assert not rate("x", 572, 10_000, 0.05).holds
    assert not rate("x", 428, 10_000, 0.05).holds


def test_a_bound_may_be_stayed_below() -> None:
    assert at_most("x", 0, 10_000, 0.05).holds
    assert not at_most("x", 572, 10_000, 0.05).holds


def test_a_figure_is_printed_beside_its_band() -> None:
    assert str(Figure("x", 0.1, 0.0, 0.05)).split() == ["x", "0.10000", "0.00000", "..", "0.05000", "OUTSIDE"]
    assert str(Figure("x", 0.1, 0.0, inf)).split() == ["x", "0.10000", "0.00000", "..", "ok"]


@pytest.mark.parametrize("simulate", [simulate for simulate, _ in SIMULATIONS], ids=lambda f: f.__qualname__)
def test_every_simulation_comes_to_figures(simulate: Simulation) -> None:
    figures = list(simulate(drawn(), 60))
    assert figures
    assert all(isfinite(figure.value) and figure.low < figure.high for figure in figures)


def test_what_lies_outside_is_counted() -> None:
    def two(_: np.random.Generator, runs: int) -> Iterator[Figure]:
        yield Figure("in", runs, 0, 10)
        yield Figure("out", runs, 20, 30)

    assert calibrate([(two, 5), (two, 25)], seed=1) == 2


def test_the_same_seed_draws_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    simulations = SIMULATIONS[-1:]
    printed = []
    for seed in (1, 1, 2):
        calibrate([(simulate, 200) for simulate, _ in simulations], seed)
        printed.append(capsys.readouterr().out.splitlines()[1:])
    assert printed[0] == printed[1] != printed[2]


def test_made_up_visitors_order_in_some_of_their_sessions() -> None:
    arm = only(next(arms(drawn(), 1, 500)), ORDERS, SESSIONS)
    assert arm.units == 500
    assert 0 < arm.totals[0] < arm.totals[1]
    assert arm.products[0][1] == arm.products[1][0]


def test_normal_arms_have_the_moments_they_were_asked_for() -> None:
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    found = list(normal_arms(drawn(), 2_000, 50, np.array([1.0, -1.0]), covariance))
    means = [arm.mean(0) or 0.0 for arm in found]
    assert np.mean(means) == pytest.approx(1, abs=0.02)
    # The mean's own variance is that of a unit by the units.
    assert np.var(means) == pytest.approx(2 / 50, rel=0.15)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        within = np.mean([arm.covariance(i, j) or 0.0 for arm in found])
        assert within == pytest.approx(covariance[i, j], rel=0.03)


def test_chances_that_come_true_less_often_than_told_are_found_out() -> None:
    told = [0.95] * 1_000 + [0.05] * 1_000
    fair = ([True] * 95 + [False] * 5) * 10 + ([False] * 95 + [True] * 5) * 10
    boastful = ([True] * 88 + [False] * 12) * 10 + ([False] * 95 + [True] * 5) * 10
    everywhere = [(i + 0.5) / 10 for i in range(10) for _ in range(20)]
    wins = [i % 20 < 2 * (i // 20) + 1 for i in range(200)]
    assert calibrated("x", told + everywhere, fair + wins).holds
    assert not calibrated("x", told + everywhere, boastful + wins).holds


def test_losses_that_are_told_too_small_are_found_out() -> None:
    errors = drawn().normal(size=1_000)
    assert centered("x", list(errors)).holds
    assert not centered("x", list(errors + 0.2)).holds
