"""The distributions that tests rest on, as plain functions of numbers."""

import math

from scipy import special


def normal_cdf(x: float) -> float:
    """Φ(x), exact in both tails."""
    return float(special.ndtr(x))


def normal_density(x: float) -> float:
    """φ(x)."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def normal_quantile(p: float) -> float:
    """The x with Φ(x) = p; infinite for 0 and 1."""
    return float(special.ndtri(p))


def student_cdf(t: float, degrees: float) -> float:
    """The probability that Student's t of so many degrees of freedom is at most t; infinite: the normal."""
    return float(special.stdtr(degrees, t)) if degrees < math.inf else normal_cdf(t)


def student_quantile(p: float, degrees: float) -> float:
    """The t that Student's t of so many degrees of freedom does not exceed with probability p."""
    return float(special.stdtrit(degrees, p)) if degrees < math.inf else normal_quantile(p)


def shifted_student_tail(t: float, degrees: float, shift: float) -> float:
    """The probability that a noncentral t, shifted by at least 0, is more than t, itself above 0.

    Where scipy gives up, the shift is so large that the numerator's own noise is nothing beside it, and the
    chance is that of `shift / √(χ²/degrees) > t`.
    """
    below = float(special.nctdtr(degrees, shift, t))
    if 0 <= below <= 1:
        return 1 - below
    ratio = shift / t
    return float(special.chdtr(degrees, degrees * ratio * ratio))
