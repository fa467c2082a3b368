"""A simulated figure beside the band that it must lie in."""

from math import inf, sqrt
from typing import NamedTuple

# A figure that is right lies outside so many standard errors once in a thousand times.
ERRORS = 3.29


class Figure(NamedTuple):
    """What was simulated, what it came to, and where it must lie."""

    what: str
    value: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the figure lies in its band."""
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        """Write one line of the report."""
        low, high = (f"{end:.5f}" if abs(end) < inf else "" for end in (self.low, self.high))
        return (
            f"{self.what:<66} {self.value:>9.5f}  {low:>8} .. {high:<8} {'ok' if self.holds else 'OUTSIDE'}"
        )


def rate(what: str, hits: int, runs: int, promised: float) -> Figure:
    """Hold a rate against the promised one, give or take 3.29 standard errors of so many runs."""
    error = ERRORS * sqrt(promised * (1 - promised) / runs)
    return Figure(what, hits / runs, promised - error, promised + error)


def at_most(what: str, hits: int, runs: int, promised: float) -> Figure:
    """Hold a rate against the promised bound, which it may be below, but above by 3.29 standard errors alone."""
    return rate(what, hits, runs, promised)._replace(low=0.0)
