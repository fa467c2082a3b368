"""The same questions asked of statsmodels, scipy and tea-tasting: where they know an answer, it is ours."""

import math

import pytest
import tea_tasting as tt
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import multitest, power, proportion
from tea_tasting.aggr import Aggregates

from app.stats.beta import compare_conversions
from app.stats.corrections import benjamini_hochberg, bonferroni, holm
from app.stats.cuped import adjust_means, adjust_ratios
from app.stats.design import Design
from app.stats.joint import JointAggregate
from app.stats.means import compare_means
from app.stats.power_of_means import power_of_means
from app.stats.power_of_proportions import size_for_proportions
from app.stats.proportions import compare_proportions
from app.stats.sample import Sample, ratio_of
from app.stats.sample_ratio import check_sample_ratio
from tests.unit.stats.sums import converted

UNIT = st.tuples(*[st.integers(1, 50)] * 4)
UNITS = st.lists(UNIT, min_size=5, max_size=30, unique=True)
VALUES = ("y", "x", "y_before", "x_before")
SIDE = st.integers(20, 10**6).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))


def aggregated(units: list[tuple[int, ...]], *values: int) -> tuple[JointAggregate, Aggregates]:
    """The same units as we sum them, and as tea-tasting does."""
    joint = JointAggregate.nothing(len(values))
    for unit in units:
        joint = joint.add([unit[i] for i in values])
    names = [VALUES[i] for i in values]
    theirs = Aggregates(
        count_=len(units),
        mean_={name: joint.mean(i) or 0.0 for i, name in enumerate(names)},
        var_={name: joint.covariance(i, i) or 0.0 for i, name in enumerate(names)},
        cov_={
            tuple(sorted((one, other))): joint.covariance(i, j) or 0.0
            for i, one in enumerate(names)
            for j, other in enumerate(names)
            if i < j
        },
    )
    return joint, theirs


@given(SIDE, SIDE)
def test_two_proportions(one: tuple[int, int], other: tuple[int, int]) -> None:
    found = compare_proportions(converted(*one), converted(*other))
    counts, units = zip(other, one, strict=True)
    z, p = proportion.proportions_ztest(counts, units)
    assert found.statistic == pytest.approx(z, rel=1e-7, abs=1e-7)
    assert found.p_value == pytest.approx(p, rel=1e-6, abs=1e-300)
    assert found.interval == pytest.approx(
        proportion.confint_proportions_2indep(*other, *one, method="wald"), rel=1e-7, abs=1e-10
    )


@given(
    st.tuples(st.integers(2, 10**6), st.floats(-1e3, 1e3), st.floats(0.01, 1e3)),
    st.tuples(st.integers(2, 10**6), st.floats(-1e3, 1e3), st.floats(0.01, 1e3)),
    st.sampled_from(["welch", "pooled"]),
    st.sampled_from(["two-sided", "greater", "less"]),
)
def test_two_means(
    one: tuple[int, float, float], other: tuple[int, float, float], method: str, side: str
) -> None:
    found = compare_means(Sample(*one), Sample(*other), method=method, alternative=side)  # type: ignore[arg-type] # drawn from the known ones
    theirs = stats.ttest_ind_from_stats(
        *(other[1], math.sqrt(other[2]), other[0]),
        *(one[1], math.sqrt(one[2]), one[0]),
        equal_var=method == "pooled",
        alternative=side,
    )
    assert found.statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-300)


@given(UNITS, UNITS)
def test_ratios(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> None:
    (one, control), (other, treatment) = (aggregated(units, 0, 1) for units in (a, b))
    theirs = tt.RatioOfMeans("y", "x").analyze_aggregates(control, treatment)
    found = compare_means(ratio_of(one), ratio_of(other))
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
    assert found.interval == pytest.approx(
        (theirs.effect_size_ci_lower, theirs.effect_size_ci_upper), rel=1e-6
    )


@given(UNITS, UNITS)
def test_means_with_a_covariate(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> None:
    (one, control), (other, treatment) = (aggregated(units, 0, 2) for units in (a, b))
    adjusted = adjust_means(one, other)
    # Where the covariate tells everything, tea-tasting stumbles over a variance of nothing.
    assume(min(adjusted.control.variance or 0, adjusted.treatment.variance or 0) > 1e-6)
    theirs = tt.Mean("y", "y_before").analyze_aggregates(control, treatment)
    found = compare_means(adjusted.control, adjusted.treatment)
    assert (adjusted.control.mean, adjusted.treatment.mean) == pytest.approx(
        (theirs.control, theirs.treatment)
    )
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6)


@given(UNITS, UNITS)
def test_ratios_with_a_covariate(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> None:
    (one, control), (other, treatment) = (aggregated(units, 0, 1, 2, 3) for units in (a, b))
    adjusted = adjust_ratios(one, other)
    assume(min(adjusted.control.variance or 0, adjusted.treatment.variance or 0) > 1e-9)
    theirs = tt.RatioOfMeans(*VALUES).analyze_aggregates(control, treatment)
    found = compare_means(adjusted.control, adjusted.treatment)
    assert (adjusted.control.mean, adjusted.treatment.mean) == pytest.approx(
        (theirs.control, theirs.treatment)
    )
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6)


# statsmodels takes a twentieth of a second for each.
@settings(max_examples=10)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrections(p_values: list[float]) -> None:
    ours = {"bonferroni": bonferroni, "holm": holm, "fdr_bh": benjamini_hochberg}
    for name, adjust in ours.items():
        theirs = multitest.multipletests(p_values, method=name)[1]
        assert adjust(p_values) == pytest.approx(list(theirs), abs=1e-12)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.1, 10)), min_size=2, max_size=6))
def test_sample_ratios(arms: list[tuple[int, float]]) -> None:
    observed, weights = zip(*arms, strict=True)
    expected = [sum(observed) * weight / sum(weights) for weight in weights]
    theirs = stats.chisquare(observed, expected)
    found = check_sample_ratio(observed, weights)
    assert found.statistic == pytest.approx(theirs.statistic, rel=1e-6, abs=1e-9)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-300)


@given(st.integers(3, 500), st.floats(0.01, 1), st.floats(0.001, 0.2), st.floats(0.2, 5))
def test_power_of_two_means(n: int, effect: float, alpha: float, ratio: float) -> None:
    theirs = power.TTestIndPower().power(effect, n, alpha / 2, ratio, alternative="larger")
    ours = power_of_means(n, effect, 1.0, design=Design(alpha=alpha, ratio=ratio))
    assert ours == pytest.approx(theirs, abs=1e-8)


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.09), st.floats(0.001, 0.2), st.floats(0.3, 0.95))
def test_size_for_two_proportions(p1: float, effect: float, alpha: float, wanted: float) -> None:
    theirs = proportion.samplesize_proportions_2indep_onetail(effect, p1, wanted, alpha=alpha)
    ours = size_for_proportions(p1, p1 + effect, design=Design(alpha, wanted))
    assert ours == pytest.approx(theirs, rel=1e-9)


@given(SIDE, SIDE)
def test_two_beliefs_about_conversions(one: tuple[int, int], other: tuple[int, int]) -> None:
    found = compare_conversions(converted(*one), converted(*other))
    a, b = (stats.beta(x + 1, n - x + 1) for x, n in (one, other))
    # A normal approximation of both, good to the skewness that is left.
    z = (b.mean() - a.mean()) / math.hypot(a.std(), b.std())
    skew = abs(a.stats("s")) + abs(b.stats("s"))
    assert found.chance_to_win == pytest.approx(stats.norm.cdf(z), abs=0.1 * float(skew) + 0.01)
