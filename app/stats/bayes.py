"""Bayesian answers for a difference that is normal: who wins, and what a wrong choice costs."""

import math

import msgspec

from app.stats.distributions import normal_cdf, normal_density, normal_quantile
from app.stats.estimate import Interval
from app.stats.means import compare_means, relative_of
from app.stats.sample import Sample


class Prior(msgspec.Struct, frozen=True):
    """What is believed of the difference before any unit: normal, with this mean and variance."""

    mean: float
    variance: float


class Posterior(msgspec.Struct, frozen=True, kw_only=True):
    """What is believed of the difference now; without figures, nothing is.

    `chance_to_win` is the probability that the difference is above 0. `loss_of_control` is what is
    lost by choosing control, on average, `loss_of_treatment` by choosing treatment, in the difference's unit.
    `interval` holds the difference with probability 1 - alpha.
    """

    mean: float | None = None
    error: float | None = None
    chance_to_win: float | None = None
    loss_of_control: float | None = None
    loss_of_treatment: float | None = None
    interval: Interval | None = None


def compare_bayesian(
    control: Sample,
    treatment: Sample,
    *,
    alpha: float = 0.05,
    relative: bool = True,
    prior: Prior | None = None,
) -> Posterior:
    """Update a belief about the difference (relative: as a share of control's mean) by what was measured.

    The measured difference d with its error e counts as normal. Without a prior every difference was as
    likely before, and the posterior is N(d, e²); with one, precisions add up: `1/v = 1/v₀ + 1/e²`,
    `m = v (m₀/v₀ + d/e²)`. Source: Gelman et al., Bayesian Data Analysis (3rd edition), section 2.5; as in
    GrowthBook's engine.

    Raises:
        ValueError: the prior's mean is not finite, or its variance not above 0 and finite.

    """
    if prior is not None and not (math.isfinite(prior.mean) and 0 < prior.variance < math.inf):
        raise ValueError(f"a prior needs a finite mean and a finite variance above 0, not {prior}")
    if relative:
        value, squared = relative_of(control, treatment)
    else:
        plain = compare_means(control, treatment, method="normal")
        value, squared = plain.value, plain.error * plain.error if plain.error is not None else None
    if value is None or squared is None or not 0 < squared < math.inf or not math.isfinite(value):
        return Posterior()
    return posterior_of(*_updated(value, squared, prior), alpha=alpha)


def posterior_of(mean: float, error: float, *, alpha: float = 0.05) -> Posterior:
    """Answer what a normal belief about the difference says, given its mean and deviation.

    Raises:
        ValueError: the mean is not finite, or the deviation not above 0 and finite.

    """
    if not error > 0:
        raise ValueError(f"a belief needs a deviation above 0, not {error}")
    reach = -normal_quantile(alpha / 2) * error if alpha / 2 > 0 and alpha < 1 else None
    loss_of_control, loss_of_treatment = expected_loss(mean, error)
    return Posterior(
        mean=mean,
        error=error,
        chance_to_win=normal_cdf(mean / error),
        loss_of_control=loss_of_control,
        loss_of_treatment=loss_of_treatment,
        interval=(mean - reach, mean + reach) if reach is not None else None,
    )


def expected_loss(mean: float, error: float) -> tuple[float, float]:
    """Answer what is lost on average by choosing control, E[max(δ, 0)], and treatment, E[max(-δ, 0)].

    `σφ(μ/σ) + μΦ(μ/σ)` and the same with -μ. A belief without doubt (σ = 0) loses what it knows it loses.
    Source: Stucchio, Bayesian A/B Testing at VWO (2015).

    Raises:
        ValueError: the deviation is below 0, or either is no finite number.

    """
    if not 0 <= error < math.inf or not math.isfinite(mean):
        raise ValueError(
            f"a belief needs a finite mean and a deviation of at least 0, not {mean} and {error}"
        )
    return _mean_above_zero(mean, error), _mean_above_zero(-mean, error)


def _mean_above_zero(mean: float, error: float) -> float:
    if not error:
        return max(0.0, mean)
    # Far out in the tail the two terms cancel to less than their rounding, which must not become a gain.
    return max(0.0, error * normal_density(mean / error) + mean * normal_cdf(mean / error))


def _updated(value: float, squared: float, prior: Prior | None) -> tuple[float, float]:
    if prior is None:
        return value, math.sqrt(squared)
    weight = prior.variance / (prior.variance + squared)
    return prior.mean + weight * (value - prior.mean), math.sqrt(squared * weight)
