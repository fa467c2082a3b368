"""What is kept of many units' values: how many there are, their sum and the sum of their squares."""

from fractions import Fraction
from typing import TypeAlias

import msgspec

Sum: TypeAlias = float | Fraction
"""A sum, exact where it is a fraction: then nothing is lost in what is subtracted from it either."""


class Aggregate(msgspec.Struct, frozen=True):
    """Σ1, Σx and Σx² over units with one value x each; aggregates of different units add up."""

    units: int = 0
    total: Sum = 0
    total_of_squares: Sum = 0

    @property
    def mean(self) -> float | None:
        """The mean of x, None where there is no unit."""
        return float(self.total / self.units) if self.units else None

    @property
    def variance(self) -> float | None:
        """The sample variance of x (divided by n - 1), None for fewer than two units.

        `(Σx² - (Σx)²/n) / (n - 1)`: exact for counts and fractions; where floats differ little from a large
        mean, the subtraction loses digits, and what would fall below 0 is 0.
        """
        if self.units <= 1:
            return None
        about_mean = float(self.total_of_squares - self.total * self.total / self.units)
        return 0.0 if about_mean < 0 else about_mean / (self.units - 1)

    def add(self, x: float) -> "Aggregate":
        """Take one more unit in, with its value."""
        return Aggregate(self.units + 1, self.total + x, self.total_of_squares + x * x)

    def merge(self, other: "Aggregate") -> "Aggregate":
        """Take in an aggregate of other units."""
        return Aggregate(
            self.units + other.units,
            self.total + other.total,
            self.total_of_squares + other.total_of_squares,
        )
