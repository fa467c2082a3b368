import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.aggregates import Aggregate
from app.stats.corrections import benjamini_hochberg, holm
from app.stats.proportions import compare_proportions
from app.stats.sample_ratio import check_sample_ratio, chi_square_tail

WHOLE = st.lists(st.integers(-1_000, 1_000), max_size=30)
P_VALUES = st.lists(st.floats(0, 1), max_size=20)
ARMS = st.lists(
    st.tuples(st.integers(1, 10**7), st.floats(0.01, 100, allow_subnormal=False)), min_size=1, max_size=8
)


@st.composite
def sides(draw: st.DrawFn) -> Aggregate:
    units = draw(st.integers(0, 10**9))
    conversions = draw(st.integers(0, units))
    return Aggregate(units, conversions, conversions)


def aggregate_of(values: list[int]) -> Aggregate:
    aggregate = Aggregate()
    for value in values:
        aggregate = aggregate.add(value)
    return aggregate


@given(WHOLE, WHOLE, WHOLE)
def test_merging_in_any_grouping_is_counting_together(a: list[int], b: list[int], c: list[int]) -> None:
    one, other, third = map(aggregate_of, (a, b, c))
    assert one.merge(other).merge(third) == one.merge(other.merge(third)) == aggregate_of(a + b + c)


@given(st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=30))
def test_mean_and_variance_are_those_of_the_values(values: list[int]) -> None:
    aggregate = aggregate_of(values)
    assert aggregate.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert aggregate.variance == pytest.approx(statistics.variance(values), rel=1e-9, abs=1e-6)


@given(sides(), sides(), st.floats())
def test_proportions_have_figures_that_are_numbers_or_none(
    control: Aggregate, treatment: Aggregate, alpha: float
) -> None:
    found = compare_proportions(control, treatment, alpha=alpha)
    figures = (found.value, found.error, found.statistic, found.p_value, *(found.interval or ()))
    assert all(figure is None or math.isfinite(figure) for figure in figures)
    assert found.p_value is None or 0 <= found.p_value <= 1
    if found.interval is not None and found.value is not None:
        assert found.interval[0] <= found.value <= found.interval[1]


@given(sides(), sides())
def test_seen_from_the_other_side_a_difference_has_the_other_sign(one: Aggregate, other: Aggregate) -> None:
    there = compare_proportions(one, other, alpha=0.05)
    back = compare_proportions(other, one, alpha=0.05)
    assert there.p_value == pytest.approx(back.p_value)
    if there.value is not None and back.value is not None:
        assert there.value == -back.value


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 200))
def test_a_larger_statistic_is_never_likelier(a: float, b: float, degrees: int) -> None:
    small, large = sorted((a, b))
    assert 0 <= chi_square_tail(large, degrees) <= chi_square_tail(small, degrees) * (1 + 1e-9) <= 1 + 1e-9


@given(st.floats(0.001, 1e4), st.integers(1, 100))
def test_more_degrees_make_the_same_statistic_likelier(statistic: float, degrees: int) -> None:
    assert chi_square_tail(statistic, degrees) <= chi_square_tail(statistic, degrees + 1) + 1e-12


@given(ARMS)
def test_the_order_of_the_arms_does_not_matter(arms: list[tuple[int, float]]) -> None:
    forward = check_sample_ratio([n for n, _ in arms], [w for _, w in arms])
    backward = check_sample_ratio([n for n, _ in reversed(arms)], [w for _, w in reversed(arms)])
    assert forward.p_value == pytest.approx(backward.p_value, rel=1e-6, abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_two_equal_arms_are_tested_as_a_fair_coin_is(one: int, other: int) -> None:
    expected = math.erfc(abs(one - other) / math.sqrt(2 * (one + other)))
    assert check_sample_ratio([one, other], [1, 1]).p_value == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(P_VALUES)
def test_corrections_only_ever_raise_a_p_value_and_keep_their_order(p_values: list[float]) -> None:
    for adjusted in (holm(p_values), benjamini_hochberg(p_values)):
        assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
        ranked = [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
        assert ranked == sorted(ranked)


@given(P_VALUES)
def test_holm_is_stricter_than_benjamini_hochberg_and_milder_than_bonferroni(p_values: list[float]) -> None:
    for p, strict, mild in zip(p_values, holm(p_values), benjamini_hochberg(p_values), strict=True):
        assert mild <= strict + 1e-12
        assert strict <= min(1, p * len(p_values)) + 1e-12
