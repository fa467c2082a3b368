"""Laws that every comparison of two arms obeys, whatever was counted."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats.always_valid import compare_always_valid
from app.stats.bayes import compare_bayesian
from app.stats.cuped import Adjusted, adjust_means, adjust_ratios
from app.stats.design import Design
from app.stats.estimate import Estimate
from app.stats.guardrail import check_margin
from app.stats.joint import JointAggregate
from app.stats.means import compare_means, compare_relative
from app.stats.midflight import detectable_effect, units_needed
from app.stats.power_of_means import power_of_means, size_for_means
from app.stats.power_of_proportions import power_of_proportions, size_for_proportions
from app.stats.sample import Sample, ratio_of, sample_of
from app.stats.sequential_ratio import watch_sample_ratio
from app.stats.spending import boundaries

Compare = Callable[[Sample, Sample], Estimate]

ABSOLUTE: Mapping[str, Compare] = {
    "welch": compare_means,
    "pooled": lambda a, b: compare_means(a, b, method="pooled"),
    "normal": lambda a, b: compare_means(a, b, method="normal"),
    "always valid": compare_always_valid,
}
RELATIVE: Mapping[str, Compare] = {
    "lift": compare_relative,
    "always valid lift": lambda a, b: compare_always_valid(a, b, relative=True),
}
EACH = pytest.mark.parametrize(
    "compare", [*ABSOLUTE.values(), *RELATIVE.values()], ids=[*ABSOLUTE, *RELATIVE]
)
EACH_ABSOLUTE = pytest.mark.parametrize("compare", ABSOLUTE.values(), ids=ABSOLUTE)
EACH_RELATIVE = pytest.mark.parametrize("compare", RELATIVE.values(), ids=RELATIVE)

SAMPLES = st.builds(
    Sample, st.integers(2, 10**12), st.floats(0.01, 1e6) | st.floats(-1e6, -0.01), st.floats(1e-3, 1e6)
)
ANYTHING = st.builds(sample_of, st.integers(0, 10**12), st.none() | st.floats(), st.none() | st.floats())
FACTORS = st.floats(1e-3, 1e3)
UNIT = st.tuples(*[st.integers(0, 50)] * 4).map(lambda unit: (unit[0], unit[1] + 1, unit[2], unit[3] + 1))
UNITS = st.lists(UNIT, min_size=2, max_size=12)


def counted(units: list[tuple[int, ...]], *values: int) -> JointAggregate:
    joint = JointAggregate.nothing(len(values))
    for unit in units:
        joint = joint.add([unit[value] for value in values])
    return joint


def scaled(sample: Sample, factor: float) -> Sample:
    return Sample(sample.units, (sample.mean or 0) * factor, (sample.variance or 0) * factor * factor)


def figures(found: object) -> Iterator[float]:
    for name in getattr(found, "__struct_fields__", ()):
        value = getattr(found, name)
        yield from value if isinstance(value, tuple) else [] if value is None else [value]


@EACH
@given(ANYTHING, ANYTHING)
def test_whatever_was_counted_the_figures_are_numbers_or_none(
    compare: Compare, one: Sample, other: Sample
) -> None:
    found = compare(one, other)
    assert not any(math.isnan(figure) for figure in figures(found))
    assert found.p_value is None or 0 <= found.p_value <= 1
    if found.interval is not None and found.value is not None:
        assert found.interval[0] <= found.value <= found.interval[1]


@given(ANYTHING, ANYTHING, st.booleans())
def test_whatever_was_counted_beliefs_are_numbers_or_none(
    one: Sample,
    other: Sample,
    relative: bool,  # noqa: FBT001 - drawn, not called
) -> None:
    found = compare_bayesian(one, other, relative=relative)
    assert not any(math.isnan(figure) for figure in figures(found))
    assert found.chance_to_win is None or 0 <= found.chance_to_win <= 1


@EACH_ABSOLUTE
@given(SAMPLES, SAMPLES)
def test_swapping_the_arms_flips_the_sign(compare: Compare, one: Sample, other: Sample) -> None:
    there, back = compare(one, other), compare(other, one)
    assert there.value == -(back.value or 0)
    assert there.interval == pytest.approx(mirrored(back.interval), rel=1e-9)
    assert there.p_value == pytest.approx(back.p_value, rel=1e-9)


@given(SAMPLES, SAMPLES)
def test_swapping_the_arms_swaps_chances_and_losses(one: Sample, other: Sample) -> None:
    there, back = (compare_bayesian(*both, relative=False) for both in ((one, other), (other, one)))
    assert there.chance_to_win == pytest.approx(1 - (back.chance_to_win or 0), abs=1e-12)
    assert there.loss_of_control == back.loss_of_treatment


def mirrored(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if interval is None else (-interval[1], -interval[0])


@EACH_ABSOLUTE
@given(SAMPLES, SAMPLES, FACTORS)
def test_scaling_a_metric_scales_its_interval(
    compare: Compare, one: Sample, other: Sample, factor: float
) -> None:
    plain, large = compare(one, other), compare(scaled(one, factor), scaled(other, factor))
    assert plain.interval is not None
    reach = max(map(abs, plain.interval)) * factor
    assert large.interval == pytest.approx([end * factor for end in plain.interval], abs=1e-9 * reach)


@EACH_RELATIVE
@given(SAMPLES, SAMPLES, FACTORS)
def test_scaling_a_metric_leaves_its_lift_alone(
    compare: Compare, one: Sample, other: Sample, factor: float
) -> None:
    plain, large = compare(one, other), compare(scaled(one, factor), scaled(other, factor))
    assert plain.interval is not None
    reach = 1 + max(map(abs, plain.interval))
    assert large.interval == pytest.approx(plain.interval, abs=1e-9 * reach)


@EACH
@given(SAMPLES, SAMPLES)
def test_more_of_the_same_units_make_the_interval_narrower(
    compare: Compare, one: Sample, other: Sample
) -> None:
    few = compare(one, other)
    many = compare(*(Sample(10 * side.units, side.mean, side.variance) for side in (one, other)))
    assert few.interval is not None
    assert many.interval is not None
    assert many.interval[1] - many.interval[0] <= few.interval[1] - few.interval[0]


@given(SAMPLES, SAMPLES, st.floats(0.001, 0.5))
def test_looking_all_the_time_never_tells_more_than_looking_once(
    one: Sample, other: Sample, alpha: float
) -> None:
    once, always = compare_means(one, other, method="normal", alpha=alpha), compare_always_valid(one, other)
    assert once.p_value is not None
    assert always.p_value is not None
    assert always.p_value >= once.p_value * (1 - 1e-9)


@given(UNITS, UNITS, UNITS)
def test_joint_aggregates_merge_in_any_grouping(
    a: list[tuple[int, ...]], b: list[tuple[int, ...]], c: list[tuple[int, ...]]
) -> None:
    one, other, third = (counted(units, 0, 1, 2, 3) for units in (a, b, c))
    assert one.merge(other).merge(third) == one.merge(other.merge(third)) == counted(a + b + c, 0, 1, 2, 3)
    assert one.merge(other) == other.merge(one)


@given(UNITS, UNITS)
def test_the_best_adjustment_of_all_units_leaves_at_most_what_there_was(
    a: list[tuple[int, ...]], b: list[tuple[int, ...]]
) -> None:
    for found in (both_means(a, b), both_ratios(a, b)):
        assert found.variance_left is None or 0 <= found.variance_left <= 1
        assert all((side.variance or 0) >= 0 for side in (found.control, found.treatment))


@given(UNITS, UNITS)
def test_adjusting_by_itself_leaves_nothing(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> None:
    found = adjust_means(*(counted(units, 0, 0) for units in (a, b)))
    assert found.variance_left is None or found.variance_left < 1e-9
    if found.theta:
        assert found.control.mean == pytest.approx(found.treatment.mean)


@given(UNITS, UNITS)
def test_swapping_the_arms_adjusts_them_alike(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> None:
    for adjust in (both_means, both_ratios):
        there, back = adjust(a, b), adjust(b, a)
        assert (there.theta, there.control, there.treatment) == (back.theta, back.treatment, back.control)


def both_means(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> Adjusted:
    return adjust_means(counted(a, 0, 2), counted(b, 0, 2))


def both_ratios(a: list[tuple[int, ...]], b: list[tuple[int, ...]]) -> Adjusted:
    return adjust_ratios(counted(a, 0, 1, 2, 3), counted(b, 0, 1, 2, 3))


@given(UNITS)
def test_a_ratio_over_a_denominator_of_one_is_a_mean(units: list[tuple[int, ...]]) -> None:
    plain = counted(units, 0)
    found = ratio_of(counted([(unit[0], 1) for unit in units], 0, 1))
    assert found.mean == plain.mean(0)
    assert found.variance == pytest.approx(plain.covariance(0, 0), abs=1e-9)


DESIGNS = st.builds(Design, st.floats(0.001, 0.2), st.floats(0.3, 0.99), st.floats(0.1, 10))


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), DESIGNS)
def test_a_planned_size_has_the_planned_power_for_proportions(p1: float, p2: float, design: Design) -> None:
    assume(abs(p1 - p2) > 1e-4)
    n = size_for_proportions(p1, p2, design=design)
    assert power_of_proportions(n, p1, p2, design=design) == pytest.approx(design.power, abs=1e-9)


@given(st.floats(0.01, 0.5), DESIGNS)
def test_a_planned_size_has_the_planned_power_for_means(effect: float, design: Design) -> None:
    n = size_for_means(effect, 1.0, design=design)
    assert power_of_means(n, effect, 1.0, design=design) == pytest.approx(design.power, abs=1e-6)


@given(SAMPLES, SAMPLES, st.none() | st.floats(1, 1e9))
def test_what_is_detectable_now_needs_the_units_that_are_there(
    one: Sample, other: Sample, n_star: float | None
) -> None:
    effect = detectable_effect(one, other, n_star=n_star)
    assert effect is not None
    needed = units_needed(one, other, effect, n_star=n_star)
    assert needed == pytest.approx(one.units + other.units, rel=1e-9, abs=1)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6, unique=True), st.floats(0.001, 0.3))
def test_boundaries_never_fall_below_the_plain_test(times: list[float], alpha: float) -> None:
    times = sorted(times)
    assume(all(later - earlier > 0.01 for earlier, later in pairwise(times)))
    found = boundaries(times, alpha=alpha)
    single = boundaries([1.0], alpha=alpha).z[0]
    assert all(bound >= single - 1e-9 for bound in found.z)
    assert list(found.spent) == sorted(found.spent)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5), st.integers(1, 5))
def test_the_order_of_the_arms_does_not_matter_to_who_watches_them(observed: list[int], factor: int) -> None:
    weights = [float(i + 1) for i in range(len(observed))]
    there = watch_sample_ratio(observed, weights)
    back = watch_sample_ratio(observed[::-1], [factor * weight for weight in weights[::-1]])
    assert there.p_value == pytest.approx(back.p_value, rel=1e-6)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_wider_margin_is_never_worse(low: float, width: float, margin: float) -> None:
    order = ["breached", "open", "held"]
    strict, mild = (check_margin((low, low + width), margin=m) for m in (margin, margin * 2))
    assert order.index(mild) >= order.index(strict)
