from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from statistics import variance

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reporting.facts import DECIMALS
from app.reporting.moments import Layout, add, decimal_of
from app.stats.joint import JointAggregate

FIGURES = st.floats(-1e18, 1e18).map(lambda x: round(x, DECIMALS)) | st.floats(-1, 1).map(
    lambda x: round(x, DECIMALS)
)


def summed(layout: Layout, units: list[tuple[float, ...]]) -> list[Decimal]:
    sums = [Decimal()] * layout.size
    for worth in units:
        add(sums, layout.terms_of(worth))
    return sums


def test_each_metric_has_its_sums_and_products() -> None:
    layout = Layout([1, 3])
    sums = summed(layout, [(2, 1, 10, 100), (3, 0, 1, 5)])
    assert layout.metric(0, sums).joint(2) == JointAggregate(2, (5,), ((13,),))
    products = ((1, 10, 100), (10, 101, 1005), (100, 1005, 10025))
    assert layout.metric(1, sums).joint(2) == JointAggregate(2, (1, 11, 105), products)


def test_without_metrics_there_are_no_sums() -> None:
    assert Layout([]).size == 0
    assert Layout([]).terms_of([]) == []


def test_who_did_nothing_adds_nothing() -> None:
    assert Layout([2, 1]).terms_of((0, 0, 0)) == []


def test_a_number_is_what_people_write() -> None:
    assert decimal_of(49.9) == Decimal("49.9")
    assert decimal_of(0) == 0


@given(st.lists(st.tuples(FIGURES, FIGURES), max_size=4))
def test_the_order_makes_no_difference_and_what_is_taken_out_leaves_nothing(
    units: list[tuple[float, ...]],
) -> None:
    layout = Layout([2])
    expected = summed(layout, units)
    for order in permutations(units):
        assert summed(layout, list(order)) == expected
    for worth in units:
        add(expected, layout.terms_of(worth, -1))
    assert not any(expected)


@pytest.mark.parametrize(("mean", "spread"), [(1e9, 5), (1_790_000_000_000, 20), (1e15, 0.5), (-1e9, 1e-3)])
def test_what_differs_little_from_a_large_mean_varies_as_it_does(mean: float, spread: float) -> None:
    drawn = np.random.default_rng(7).normal(mean, spread, (500, 2))
    # (numerator, denominator), as they are kept.
    units = [(round(float(x), DECIMALS), round(float(y), DECIMALS)) for x, y in drawn]

    joint = Layout([2]).metric(0, summed(Layout([2]), [*units])).joint(500)

    columns = [[Fraction(repr(value)) for value in column] for column in zip(*units, strict=True)]
    for i, exact in enumerate(columns):
        assert joint.covariance(i, i) == pytest.approx(float(variance(exact)), rel=1e-12)
        assert joint.mean(i) == pytest.approx(float(sum(exact) / 500), rel=1e-15)
    about = [[value - sum(exact) / 500 for value in exact] for exact in columns]
    between = sum(x * y for x, y in zip(*about, strict=True)) / 499
    assert joint.covariance(0, 1) == pytest.approx(float(between), rel=1e-12)
