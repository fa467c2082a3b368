import math

import pytest

from app.stats.sample_ratio import SampleRatio, check_sample_ratio, chi_square_tail


def test_what_the_weights_promise_is_no_surprise() -> None:
    assert check_sample_ratio([5000, 2500, 2500], [2, 1, 1]) == SampleRatio(1.0, 0.0)


def test_weights_count_in_any_scale() -> None:
    assert check_sample_ratio([44_000, 45_000], [1, 1]) == check_sample_ratio([44_000, 45_000], [0.5, 0.5])


def test_a_p_value_below_one_in_a_thousand_is_a_mismatch() -> None:
    # The worked example of srm.osc.garden: p = 0.0008.
    found = check_sample_ratio([44_000, 45_000], [1, 1])
    assert found.p_value == pytest.approx(0.0008022781177678721, rel=1e-9)
    assert found.mismatch


def test_chance_alone_is_no_mismatch() -> None:
    assert not check_sample_ratio([10_000, 10_200], [0.5, 0.5]).mismatch


@pytest.mark.parametrize(("p_value", "mismatch"), [(0.0009999, True), (0.001, False), (None, False)])
def test_the_bound_itself_is_no_mismatch(p_value: float | None, mismatch: bool) -> None:  # noqa: FBT001 - the expected answer
    assert SampleRatio(p_value).mismatch is mismatch


def test_without_units_there_is_no_figure() -> None:
    assert check_sample_ratio([0, 0], [1, 1]) == SampleRatio(None)
    assert check_sample_ratio([], []) == SampleRatio(None)


@pytest.mark.parametrize("weight", [1, 0.3, 1e-300])
def test_a_single_arm_has_everybody_as_promised(weight: float) -> None:
    assert check_sample_ratio([10], [weight]) == SampleRatio(1.0, 0.0)
    assert check_sample_ratio([0, 10], [0, weight]) == SampleRatio(1.0, 0.0)


def test_a_unit_where_none_was_promised_is_no_chance() -> None:
    assert check_sample_ratio([100, 1], [1, 0]) == SampleRatio(0.0)
    assert check_sample_ratio([1], [0]) == SampleRatio(0.0)


def test_an_empty_arm_of_weight_zero_is_left_out() -> None:
    assert check_sample_ratio([44_000, 0, 45_000], [1, 0, 1]) == check_sample_ratio([44_000, 45_000], [1, 1])


@pytest.mark.parametrize(
    ("observed", "weights"),
    [([1, -1], [1, 1]), ([1, 1], [1, -1]), ([1, 1], [1, math.nan]), ([1], [math.inf])],
)
def test_what_are_no_counts_and_weights_is_refused(observed: list[int], weights: list[float]) -> None:
    with pytest.raises(ValueError, match="no counts and weights"):
        check_sample_ratio(observed, weights)


@pytest.mark.parametrize(
    ("statistic", "degrees", "p_value"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4, upper-tail critical values.
        (3.841, 1, 0.05),
        (5.991, 2, 0.05),
        (7.815, 3, 0.05),
        (18.307, 10, 0.05),
        (23.209, 10, 0.01),
        (31.264, 11, 0.001),
        (124.342, 100, 0.05),
    ],
)
def test_the_tail_is_that_of_the_printed_tables(statistic: float, degrees: int, p_value: float) -> None:
    assert chi_square_tail(statistic, degrees) == pytest.approx(p_value, rel=2e-3)


@pytest.mark.parametrize("statistic", [1e-9, 0.5, 3.0, 40.0, 700.0])
def test_two_degrees_have_the_exponential_tail_and_four_add_a_term(statistic: float) -> None:
    half = statistic / 2
    assert chi_square_tail(statistic, 2) == pytest.approx(math.exp(-half), rel=1e-12)
    assert chi_square_tail(statistic, 4) == pytest.approx(math.exp(-half) * (1 + half), rel=1e-12)


def test_far_out_in_the_tail_the_answer_is_small_and_never_negative() -> None:
    assert chi_square_tail(1_000, 3) == pytest.approx(2 * math.sqrt(500 / math.pi) * math.exp(-500), rel=2e-3)
    assert chi_square_tail(1e6, 7) == 0


@pytest.mark.parametrize("degrees", [0, 1, 2, 500])
def test_a_statistic_of_zero_is_always_exceeded(degrees: int) -> None:
    assert chi_square_tail(0, degrees) == 1
