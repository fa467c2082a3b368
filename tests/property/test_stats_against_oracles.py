"""The methods that no library answers whole, put together from what scipy and statsmodels do know."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from statsmodels.stats import proportion

from app.stats.beta import Belief, compare_conversions
from app.stats.cuped import adjust_means, adjust_ratios
from app.stats.joint import JointAggregate
from app.stats.means import relative_of
from app.stats.proportions import compare_proportions
from app.stats.sequential_ratio import log_marginals, watch_sample_ratio
from app.stats.spending import Spending, boundaries, spent_at
from tests.unit.stats.sums import converted

UNIT = st.tuples(*[st.integers(1, 50)] * 4)
UNITS = st.lists(UNIT, min_size=5, max_size=30, unique=True)
SIDE = st.integers(20, 10**6).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
SPENDING = st.sampled_from(["obrien_fleming", "pocock"])


def counted(units: Sequence[Sequence[float]], *values: int) -> JointAggregate:
    joint = JointAggregate.nothing(len(values))
    for unit in units:
        joint = joint.add([unit[i] for i in values])
    return joint


def squared_error_of_lift(a: np.ndarray, b: np.ndarray, theta: float, *, ratio: bool) -> float:
    """The delta method with the slopes of the lift itself, found by small steps of every mean."""
    means = np.concatenate([a.mean(axis=0), b.mean(axis=0)])
    half = len(means) // 2

    def lift(at: np.ndarray) -> float:
        now, before = (at[0::2] / at[1::2]).reshape(2, -1).T if ratio else at.reshape(2, -1).T
        return float((now[1] - now[0] - theta * (before[1] - before[0])) / now[0])

    steps = np.diag(1e-6 * means)
    slopes = np.array([(lift(means + step) - lift(means - step)) / (2 * step.sum()) for step in steps])
    sides = zip((a, b), (slopes[:half], slopes[half:]), strict=True)
    return float(sum(g @ np.cov(side.T) @ g / len(side) for side, g in sides))


@given(UNITS, UNITS, st.booleans())
def test_the_lift_of_adjusted_means_moves_with_every_mean(
    a: list[tuple[int, ...]],
    b: list[tuple[int, ...]],
    ratio: bool,  # noqa: FBT001 - drawn, not called
) -> None:
    values = (0, 1, 2, 3) if ratio else (0, 2)
    adjusted = (adjust_ratios if ratio else adjust_means)(counted(a, *values), counted(b, *values))
    lift, squared = relative_of(adjusted.control, adjusted.treatment)
    rows = [np.array(units, dtype=float)[:, values] for units in (a, b)]
    theirs = squared_error_of_lift(rows[0], rows[1], adjusted.theta, ratio=ratio)
    assert lift is not None
    assert squared == pytest.approx(theirs, rel=1e-5, abs=1e-9)


@given(SIDE, SIDE, st.sampled_from([("greater", "larger"), ("less", "smaller")]))
def test_two_proportions_one_sided(
    one: tuple[int, int], other: tuple[int, int], side: tuple[str, str]
) -> None:
    found = compare_proportions(converted(*one), converted(*other), alternative=side[0])  # type: ignore[arg-type] # drawn from the known ones
    counts, units = zip(other, one, strict=True)
    _, p_value = proportion.proportions_ztest(counts, units, alternative=side[1])
    assert found.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-300)


FEW = st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n) | st.sampled_from([0, n]), st.just(n)))


# Each integral takes scipy some milliseconds.
@settings(max_examples=30)
@given(FEW, FEW, st.sampled_from([(0.5, 0.5), (1.0, 1.0), (0.6, 3.0), (7.5, 2.5)]))
def test_beliefs_about_few_conversions(
    one: tuple[int, int], other: tuple[int, int], prior: tuple[float, float]
) -> None:
    found = compare_conversions(converted(*one), converted(*other), prior=Belief(*prior))
    a, b = (stats.beta(prior[0] + x, prior[1] + n - x) for x, n in (one, other))

    def below(angle: float) -> float:
        # p = sin²θ takes the poles of the density away.
        p = math.sin(angle) ** 2
        return float(b.pdf(p) * a.cdf(p)) * math.sin(2 * angle)

    chance, _ = integrate.quad(below, 0, math.pi / 2, epsabs=1e-10, limit=200)
    assert found.chance_to_win == pytest.approx(chance, abs=1e-8)


BUCKETS = st.lists(st.tuples(*[st.integers(0, 10**5)] * 3), min_size=1, max_size=5)
WEIGHTS = st.tuples(*[st.sampled_from([0.5, 1.0, 2.0, 9.0])] * 3)


@given(BUCKETS, WEIGHTS, st.tuples(*[st.floats(0.5, 1e4)] * 3))
def test_buckets_are_as_likely_as_a_dirichlet_multinomial_says(
    buckets: list[tuple[int, ...]], weights: tuple[float, ...], prior: tuple[float, ...]
) -> None:
    shares, belief = np.array(weights) / sum(weights), np.array(prior)
    other = promised = 0.0
    for bucket in buckets:
        other += stats.dirichlet_multinomial.logpmf(bucket, belief, sum(bucket))
        promised += stats.multinomial.logpmf(bucket, sum(bucket), shares)
        belief = belief + bucket
    assert log_marginals(buckets, weights, prior=prior) == pytest.approx(
        (other, promised), rel=1e-6, abs=1e-6
    )


@given(BUCKETS, WEIGHTS)
def test_a_watched_ratio_is_the_bayes_factor_of_all_units(
    buckets: list[tuple[int, ...]], weights: tuple[float, ...]
) -> None:
    units = [sum(arm) for arm in zip(*buckets, strict=True)]
    assume(sum(units) > 0)
    shares = np.array(weights) / sum(weights)
    other = stats.dirichlet_multinomial.logpmf(units, 10_000 * shares, sum(units))
    promised = stats.multinomial.logpmf(units, sum(units), shares)
    found = watch_sample_ratio(units, weights).p_value
    assert found == pytest.approx(math.exp(min(0.0, promised - other)), rel=1e-5, abs=1e-300)


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.2), SPENDING)
def test_two_looks_spend_what_two_normals_together_say(
    first: float, alpha: float, spending: Spending
) -> None:
    one, other = boundaries([first, 1.0], alpha=alpha, spending=spending).z
    assume(one < 8)
    both = stats.multivariate_normal(cov=[[1, math.sqrt(first)], [math.sqrt(first), 1]])
    inside = both.cdf([one, other], lower_limit=[-one, -other])
    assert 1 - inside == pytest.approx(alpha, abs=1e-9)
    assert 2 * stats.norm.sf(one) == pytest.approx(spent_at(first, alpha=alpha, spending=spending))


@settings(max_examples=20)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=8, unique=True), st.floats(0.01, 0.2), SPENDING)
def test_many_looks_spend_what_a_fine_grid_says(looks: list[int], alpha: float, spending: Spending) -> None:
    times = [look / 100 for look in sorted(looks)]
    found = boundaries(times, alpha=alpha, spending=spending)
    x, weights, crossed = np.zeros(1), np.ones(1), []
    for (earlier, time), z in zip(pairwise([0.0, *times]), found.z, strict=True):
        deviation, edge = math.sqrt(time - earlier), min(z, 8.5) * math.sqrt(time)
        crossed.append(2 * weights @ stats.norm.sf((edge - x) / deviation))
        grid, step = np.linspace(-edge, edge, 401, retstep=True)
        density = stats.norm.pdf((grid[:, None] - x) / deviation) @ weights / deviation
        # Simpson's rule.
        rule = np.where(np.arange(401) % 2, 4.0, 2.0) * step / 3
        rule[[0, -1]] = step / 3
        x, weights = grid, rule * density
    assert np.cumsum(crossed) == pytest.approx(found.spent, abs=1e-7)
