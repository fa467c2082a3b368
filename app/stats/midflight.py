"""A running experiment's power: what its units can find, and how many a wanted effect needs."""

import math

from app.stats.always_valid import reach_of
from app.stats.design import USUAL, Design, check_design, least
from app.stats.distributions import normal_quantile
from app.stats.means import compare_means
from app.stats.sample import Sample

# Beyond this many units an effect is as good as never found.
_MOST = 1e15


def detectable_effect(
    control: Sample,
    treatment: Sample,
    *,
    design: Design = USUAL,
    n_star: float | None = None,
    relative: bool = False,
) -> float | None:
    """Answer the least difference that so many units, varying so much, find with the design's power.

    `(q + z_{power}) error`, with q = z_{1-α/2} at a fixed size, and with `n_star` given the reach of the
    confidence sequence at these units. `relative`: as a share of control's mean (None where that is 0).
    The arms' shares are as they are; the design's ratio plays no part. None where there is no error yet.
    Source: Bloom, Minimum Detectable Effects (Evaluation Review 1995).

    Raises:
        ValueError: the design is none, or n_star not above 0.

    """
    _refuse(design, n_star)
    error = compare_means(control, treatment, method="normal").error
    if error is None:
        return None
    units = control.units + treatment.units
    effect = (_quantile(units, design, n_star) + normal_quantile(design.power)) * error
    if not relative:
        return effect
    return effect / abs(control.whole) if control.whole else None


def units_needed(
    control: Sample,
    treatment: Sample,
    effect: float,
    *,
    design: Design = USUAL,
    n_star: float | None = None,
    relative: bool = False,
) -> int | None:
    """Answer how many units both arms need together, shared out and varying as now, to find an effect.

    The least N with `(q + z_{power}) error √(N₀/N) ≤ |effect|`, N₀ being the units that are there and q as in
    `detectable_effect`; how many more is the difference from N₀. None without an error or control's mean, or
    where no number up to 10¹⁵ is enough. Source: as for `detectable_effect`.

    Raises:
        ValueError: the design is none, or n_star not above 0.

    """
    _refuse(design, n_star)
    error = compare_means(control, treatment, method="normal").error
    wanted = abs(effect * (control.whole or 0.0)) if relative else abs(effect)
    if error is None or not wanted > 0:
        return None
    unit_error = error * math.sqrt(control.units + treatment.units)
    power = normal_quantile(design.power)

    def reaches(units: float) -> bool:
        return (_quantile(units, design, n_star) + power) * unit_error <= wanted * math.sqrt(units)

    if not reaches(_MOST):
        return None
    return math.ceil(least(reaches, 0.0, _MOST))


def _quantile(units: float, design: Design, n_star: float | None) -> float:
    if n_star is None:
        return -normal_quantile(design.alpha / 2)
    return reach_of(units, alpha=design.alpha, n_star=n_star)


def _refuse(design: Design, n_star: float | None) -> None:
    check_design(design)
    if n_star is not None and not 0 < n_star < math.inf:
        raise ValueError(f"n_star must be above 0, not {n_star}")
