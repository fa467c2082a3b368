"""Whatever is planned or believed, the answer is a number that makes sense or an error that says why not."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.stats.bayes import expected_loss, posterior_of
from app.stats.beta import Belief, compare_conversions
from app.stats.design import Design
from app.stats.midflight import detectable_effect, units_needed
from app.stats.power_of_means import effect_on_mean, power_of_means, size_for_means
from app.stats.power_of_proportions import effect_on_proportion, power_of_proportions, size_for_proportions
from app.stats.sample import Sample, sample_of
from app.stats.sequential_ratio import log_marginals, watch_sample_ratio
from app.stats.spending import boundaries, spent_at
from tests.unit.stats.sums import converted

ANY = st.floats() | st.floats(0, 1) | st.integers(-5, 10**12)
DESIGNS = st.builds(Design, ANY, ANY, ANY) | st.builds(
    Design, st.floats(1e-6, 0.5), st.floats(0.5, 0.999), st.floats(1e-3, 1e3)
)
SAMPLES = st.builds(sample_of, st.integers(0, 10**12), st.none() | ANY, st.none() | ANY)


def told(ask: Callable[..., Any], *arguments: object, **options: object) -> Any:
    """The answer; None where it was refused."""
    try:
        found = ask(*arguments, **options)
    except ValueError:
        return None
    assert not isinstance(found, float) or not math.isnan(found)
    return found


@pytest.mark.parametrize("power", [power_of_means, power_of_proportions])
@given(ANY, ANY, ANY, DESIGNS)
def test_power_is_a_probability(
    power: Callable[..., float], n: float, effect: float, other: float, design: Design
) -> None:
    found = told(power, n, effect, other, design=design)
    assert found is None or 0 <= found <= 1


@pytest.mark.parametrize("ask", [size_for_means, size_for_proportions, effect_on_mean, effect_on_proportion])
@given(ANY, ANY, DESIGNS)
def test_sizes_and_effects_are_not_negative(
    ask: Callable[..., float], one: float, other: float, design: Design
) -> None:
    found = told(ask, one, other, design=design)
    assert found is None or found >= 0


@given(SAMPLES, SAMPLES, ANY, DESIGNS, st.none() | ANY)
def test_a_running_experiment_has_sizes_and_effects_that_are_not_negative(
    one: Sample, other: Sample, effect: float, design: Design, n_star: float | None
) -> None:
    for relative in (False, True):
        least = told(detectable_effect, one, other, design=design, n_star=n_star, relative=relative)
        assert least is None or least >= 0
        units = told(units_needed, one, other, effect, design=design, n_star=n_star, relative=relative)
        assert units is None or units >= 0


@given(ANY, ANY)
def test_beliefs_are_numbers(mean: float, error: float) -> None:
    losses = told(expected_loss, mean, error)
    assert losses is None or min(losses) >= 0
    found = told(posterior_of, mean, error)
    assert found is None or 0 <= found.chance_to_win <= 1


@given(st.integers(-1, 10**12), st.integers(-1, 10**12), st.integers(0, 50), ANY, ANY)
def test_beliefs_about_conversions_are_probabilities(
    conversions: int, others: int, few: int, a: float, b: float
) -> None:
    one, other = converted(conversions, conversions + others), converted(few, 50)
    found = told(compare_conversions, one, other, prior=Belief(a, b))
    assert found is None or 0 <= found.chance_to_win <= 1
    assert found is None or min(found.loss_of_control, found.loss_of_treatment) >= 0


@given(st.lists(st.tuples(st.integers(-1, 10**12), ANY), max_size=5), ANY)
@example([(1, 1.0)], 2.56e305)  # the logarithm of its factorial is beyond all numbers
@example([(1, 1.0), (2, 1.0)], 1e308)  # two such beliefs have no sum
def test_watched_sample_ratios_are_probabilities(arms: list[tuple[int, float]], prior: float) -> None:
    counts, weights = [count for count, _ in arms], [weight for _, weight in arms]
    found = told(watch_sample_ratio, counts, weights, concentration=prior)
    assert found is None or found.p_value is None or 0 <= found.p_value <= 1
    told(log_marginals, [counts], weights, prior=[prior] * len(arms))


@given(st.lists(ANY, max_size=4), ANY | st.floats(0.001, 0.3))
def test_no_more_than_alpha_is_ever_spent(times: list[float], alpha: float) -> None:
    for time in times:
        spent = told(spent_at, time, alpha=alpha)
        assert spent is None or 0 <= spent <= alpha * (1 + 1e-12)
    found = told(boundaries, sorted(times), alpha=alpha)
    assert found is None or all(z >= 0 for z in found.z)
