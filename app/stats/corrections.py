"""p-values corrected for how many were looked at: over metrics, over arms, or over both together."""

from collections.abc import Sequence


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Adjust so that the chance of any false discovery stays below alpha, whatever their order: p times m.

    Answers in the given order. Source: Dunn, Multiple Comparisons among Means (1961).

    Raises:
        ValueError: for what is no probability.

    """
    _refuse(p_values)
    return [min(1.0, len(p_values) * p) for p in p_values]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust so that the chance of any false discovery stays below alpha: never above Bonferroni's.

    Answers in the given order. Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).

    Raises:
        ValueError: for what is no probability.

    """
    _refuse(p_values)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(_ascending(p_values)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust so that the expected share of false ones among the discoveries stays below alpha.

    Answers in the given order. Source: Benjamini and Hochberg, Controlling the False Discovery Rate (1995).

    Raises:
        ValueError: for what is no probability.

    """
    _refuse(p_values)
    adjusted = [0.0] * len(p_values)
    smallest = 1.0
    for rank, i in reversed(list(enumerate(_ascending(p_values), start=1))):
        smallest = min(smallest, p_values[i] * (len(p_values) / rank))
        adjusted[i] = smallest
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda i: p_values[i])


def _refuse(p_values: Sequence[float]) -> None:
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"p-values must be within 0 and 1: {list(p_values)}")
