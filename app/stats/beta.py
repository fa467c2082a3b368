"""Bayesian answers for conversions: two proportions, each believed to be beta-distributed."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import special

from app.stats.aggregates import Aggregate

Floats = NDArray[np.float64]

# Panels and points over one belief's bulk; what lies outside weighs less than rounding does.
_PANELS = 8
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_OUTSIDE = 1e-18
# With larger counts the bulk of a belief would be narrower than the floats around it.
_MOST = 1e12
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
    Gauss and Legendre's rule over the narrower belief; prior counts of at least 1/2 keep it to ten digits.
    Source: Miller, Formulas for Bayesian A/B Testing (2015); Stucchio, Bayesian A/B Testing at VWO (2015).

    Raises:
        ValueError: a prior count is below 1/2 or above 10¹², or conversions lie outside 0 and the units.

    """
    if not min(prior.a, prior.b) >= 1 / 2 or not max(prior.a, prior.b) <= _MOST:
        raise ValueError(f"prior counts must be at least 1/2 and at most 10¹², not {prior.a} and {prior.b}")
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
    x, masses = _masses_of(narrow)
    a, b, mean = wide.a, wide.b, wide.mean
    below = special.betainc(a, b, x)
    above = x * below - mean * special.betainc(a + 1, b, x)
    under = mean * special.betaincc(a + 1, b, x) - x * special.betaincc(a, b, x)
    chance, gain, loss = (float(masses @ part) for part in (below, above, under))
    return min(1.0, chance), max(0.0, gain), max(0.0, loss)


def _masses_of(belief: Belief) -> tuple[Floats, Floats]:
    """Place points over a belief's bulk, with what each weighs.

    In θ with x = sin²θ the density is sin²ᵃ⁻¹θ cos²ᵇ⁻¹θ: no pole for a and b of 1/2 or more, and equally wide
    everywhere. It is taken relative to its top, since far from it the logarithms alone would lose all digits.
    """
    a, b = belief.a - 1 / 2, belief.b - 1 / 2
    ends = special.betaincinv(belief.a, belief.b, _OUTSIDE), special.betainccinv(belief.a, belief.b, _OUTSIDE)
    start, end = (math.asin(math.sqrt(x)) for x in ends)
    half = (end - start) / (2 * _PANELS)
    centers = start + half * (2 * np.arange(_PANELS) + 1)
    x = np.sin((centers[:, None] + half * _POINTS[None, :]).ravel()) ** 2
    masses = np.tile(_WEIGHTS, _PANELS) * np.exp(_heights(x, a, b))
    return x, masses / masses.sum()


def _heights(x: Floats, a: float, b: float) -> Floats:
    """Answer how far ln(xᵃ(1 - x)ᵇ) is below its top."""
    if not a or not b:
        one_sided: Floats = special.xlogy(a, x) + special.xlog1py(b, -x)
        return one_sided
    top = a / (a + b)
    # The terms that are linear in x cancel at the top, so they are left out of both logarithms.
    return a * _log_less_line((x - top) / top) + b * _log_less_line((x - top) / (top - 1))


def _log_less_line(u: Floats) -> Floats:
    """Answer ln(1 + u) - u without losing digits near 0, where it is -u²/2 + u³/3 and so on."""
    series = sum((-1) ** (k + 1) * u**k / k for k in range(2, 11))
    return np.where(np.abs(u) < _SMALL, series, np.log1p(np.maximum(u, -1 + 1e-300)) - u)
