"""Many comparisons at once: whether the corrections keep what they promise."""

from collections.abc import Iterator

import numpy as np

from app.stats.corrections import benjamini_hochberg, holm
from app.stats.estimate import p_value_of
from loadtests.calibrate.comparing import ALPHA
from loadtests.calibrate.figure import Figure, at_most, rate

_COMPARISONS, _REAL = 6, 2


def corrections(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Correct six comparisons: of which nothing is real, of which two are, and that share one control."""
    plain = rng.normal(size=(runs, _COMPARISONS))
    # Without anything real, Holm's first step decides, and independent p-values make it exact.
    exact = 1 - (1 - ALPHA / _COMPARISONS) ** _COMPARISONS
    yield rate("Holm, any false of 6 comparisons", any_false(plain), runs, exact)
    shared = (rng.normal(size=(runs, 1)) + plain) / np.sqrt(2)
    yield at_most("Holm, any false of 6 that share a control", any_false(shared), runs, ALPHA)
    shift = np.array([3.0] * _REAL + [0.0] * (_COMPARISONS - _REAL))
    yield at_most("Holm, any false where 2 of 6 are real", any_false(plain + shift, _REAL), runs, ALPHA)
    yield false_share("Benjamini-Hochberg, false share where 2 of 6 are real", plain + shift)


def any_false(statistics: np.ndarray[tuple[int, ...], np.dtype[np.float64]], real: int = 0) -> int:
    """Count the experiments in which Holm lets through a comparison after the real ones."""
    return sum(any(p < ALPHA for p in holm(two_sided(row))[real:]) for row in statistics.tolist())


def false_share(what: str, statistics: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Figure:
    """Average the share of false ones among what is let through; independent p-values make it exact."""
    shares = []
    for row in statistics.tolist():
        through = [p < ALPHA for p in benjamini_hochberg(two_sided(row))]
        shares.append(sum(through[_REAL:]) / max(1, sum(through)))
    exact = ALPHA * (_COMPARISONS - _REAL) / _COMPARISONS
    error = 3.29 * float(np.std(shares)) / np.sqrt(len(shares))
    return Figure(what, float(np.mean(shares)), exact - error, exact + error)


def two_sided(statistics: list[float]) -> list[float]:
    """Answer the p-value of each."""
    return [p_value_of(z, "two-sided") for z in statistics]
