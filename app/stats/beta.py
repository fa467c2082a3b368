"""Bayesian answers for conversions: two proportions, each believed to be beta-distributed."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import special

from app.stats.aggregates import Aggregate

Floats = NDArray[np.float64]

# At least so many panels, each with so many points, over one belief's bulk.
_PANELS = 8
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)
# What lies outside of the bulk weighs less than rounding does.
_OUTSIDE = 1e-18
# With smaller prior counts the bulk of a belief would begin below the least float, and with larger ones it
# would be narrower than the floats around it.
_LEAST, _MOST = 0.1, 1e12
# Below this, ln(1 + u) - u is summed as a series: the difference would lose its digits.
_SMALL = 0.02


class Belief(msgspec.Struct, frozen=True):
    """Beta(a, b): what is believed of a proportion."""

    a: float = 1.0
    b: float = 1.0

    @property
    def mean(self) -> float:
        """The believed proportion."""
        return self.a / (self.a + self.b)


class Choice(msgspec.Struct, frozen=True):
    """How likely treatment's proportion is above control's, and what either choice loses on average."""

    chance_to_win: float
    loss_of_control: float
    loss_of_treatment: float


UNIFORM = Belief()


def compare_conversions(control: Aggregate, treatment: Aggregate, *, prior: Belief = UNIFORM) -> Choice:
    """Update a belief about each proportion by its conversions, and compare the two beliefs exactly.

    Conversions add to a, the other units to b. `P(p₂ > p₁) = ∫ f₂(x) F₁(x) dx`, and the losses likewise, by
    Gauss and Legendre's rule over the narrower belief, right to ten digits.
    Source: Miller, Formulas for Bayesian A/B Testing (2015); Stucchio, Bayesian A/B Testing at VWO (2015).

    Raises:
        ValueError: a prior count is below 1/10 or above 10¹², or conversions lie outside 0 and the units.

    """
    if not min(prior.a, prior.b) >= _LEAST or not max(prior.a, prior.b) <= _MOST:
        raise ValueError(f"prior counts must be at least 1/10 and at most 10¹², not {prior.a} and {prior.b}")
    return _chosen(_updated(prior, control), _updated(prior, treatment))


def _updated(prior: Belief, side: Aggregate) -> Belief:
    if not 0 <= side.total <= side.units < math.inf:
        raise ValueError(f"{side.total} conversions of {side.units} units")
    return Belief(prior.a + side.total, prior.b + side.units - side.total)


def _chosen(control: Belief, treatment: Belief) -> Choice:
    # Near 1 a proportion has no room left for its digits: then the units that did not convert are compared.
    if control.mean + treatment.mean > 1:
        return _chosen(Belief(treatment.b, treatment.a), Belief(control.b, control.a))
    if treatment.a + treatment.b >= control.a + control.b:
        return Choice(*_beside(treatment, control))
    chance, loss_of_treatment, loss_of_control = _beside(control, treatment)
    return Choice(1 - chance, loss_of_control, loss_of_treatment)


def _beside(narrow: Belief, wide: Belief) -> tuple[float, float, float]:
    """Answer how likely the narrow one's proportion x is above the wide one's w, E[(x-w)⁺] and E[(w-x)⁺]."""
    x, rest, masses = _masses_of(narrow)
    below, above = _parted(wide.a, wide.b, x, rest)
    sum_below, sum_above = (wide.mean * part for part in _parted(wide.a + 1, wide.b, x, rest))
    parts = below, x * below - sum_below, sum_above - x * above
    chance, gain, loss = (float(masses @ part) for part in parts)
    return min(1.0, chance), max(0.0, gain), max(0.0, loss)


def _parted(a: float, b: float, x: Floats, rest: Floats) -> tuple[Floats, Floats]:
    """Answer how likely Beta(a, b) is below x, and above; rest is 1 - x, which has more digits near 1."""
    low = x <= 1 / 2
    below = np.where(low, special.betainc(a, b, x), special.betaincc(b, a, rest))
    return below, np.where(low, special.betaincc(a, b, x), special.betainc(b, a, rest))


def _masses_of(belief: Belief) -> tuple[Floats, Floats, Floats]:
    """Place points x over a belief's bulk, with 1 - x and what each weighs.

    In t with x = 1/(1 + exp(-t)) the density is xᵃ(1 - x)ᵇ: no pole at either end, and smooth everywhere. It
    is taken relative to its top, since far from it the logarithms alone would lose all digits.
    """
    a, b, top = belief.a, belief.b, belief.mean
    start, end = _logit_of(special.betaincinv(a, b, _OUTSIDE)), -_logit_of(special.betaincinv(b, a, _OUTSIDE))
    panels = max(_PANELS, math.ceil(end - start))
    half = (end - start) / (2 * panels)
    centers = start + half * (2 * np.arange(panels) + 1)
    t = (centers[:, None] + half * _POINTS[None, :]).ravel()
    x, rest = special.expit(t), special.expit(-t)
    # The terms that are linear in x cancel at the top, so they are left out of both logarithms.
    heights = a * _log_less_line(x / top, (x - top) / top)
    heights += b * _log_less_line(rest / (1 - top), (x - top) / (top - 1))
    masses = np.tile(_WEIGHTS, panels) * np.exp(heights)
    return x, rest, masses / masses.sum()


def _logit_of(x: float) -> float:
    return math.log(x) - math.log1p(-x)


def _log_less_line(ratio: Floats, u: Floats) -> Floats:
    """Answer ln(1 + u) - u, given 1 + u, without losing digits near 0, where it is -u²/2 + u³/3 and so on."""
    series = sum((-1) ** (k + 1) * u**k / k for k in range(2, 11))
    return np.where(np.abs(u) < _SMALL, series, np.log(ratio) - u)
