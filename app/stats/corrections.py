"""p-values corrected for how many were looked at."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust so that the chance of any false discovery stays below alpha.

    Answers in the given order. Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(_ascending(p_values)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust so that the expected share of false ones among the discoveries stays below alpha.

    Answers in the given order. Source: Benjamini and Hochberg, Controlling the False Discovery Rate (1995).
    """
    adjusted = [0.0] * len(p_values)
    smallest = 1.0
    for rank, i in reversed(list(enumerate(_ascending(p_values), start=1))):
        smallest = min(smallest, p_values[i] * (len(p_values) / rank))
        adjusted[i] = smallest
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda i: p_values[i])
