"""What is kept of many units with several values each: sums, and sums of every product of two values."""

from collections.abc import Sequence

import msgspec

from app.stats.aggregates import Sum


class JointAggregate(msgspec.Struct, frozen=True):
    """Σ1, Σvᵢ and Σvᵢvⱼ over units with values v₀, v₁ …; aggregates of different units add up.

    `products[i][j]` is Σvᵢvⱼ: symmetric, with the sums of squares on the diagonal. The order of the values is
    (value, covariate) for a mean, (numerator, denominator) for a ratio, and (numerator, denominator,
    numerator before, denominator before) for a ratio with its covariate.
    """

    units: int
    totals: tuple[Sum, ...]
    products: tuple[tuple[Sum, ...], ...]

    @classmethod
    def nothing(cls, width: int) -> "JointAggregate":
        """Begin without units, for so many values each."""
        return cls(0, (0,) * width, ((0,) * width,) * width)

    def mean(self, i: int) -> float | None:
        """The mean of the i-th value, None where there is no unit."""
        return float(self.totals[i] / self.units) if self.units > 0 else None

    def covariance(self, i: int, j: int) -> float | None:
        """The sample covariance of two values (divided by n - 1), None for fewer than two units.

        `(Σvw - Σv Σw / n) / (n - 1)`; a variance (i = j) that would fall below 0 by rounding is 0.
        """
        if self.units <= 1:
            return None
        about_mean = float(self.products[i][j] - self.totals[i] * self.totals[j] / self.units)
        return 0.0 if i == j and about_mean < 0 else about_mean / (self.units - 1)

    def add(self, values: Sequence[float]) -> "JointAggregate":
        """Take one more unit in, with its values."""
        products = tuple(tuple(v * w for w in values) for v in values)
        return self.merge(JointAggregate(1, tuple(values), products))

    def merge(self, other: "JointAggregate") -> "JointAggregate":
        """Take in an aggregate of other units.

        Raises:
            ValueError: the other has another number of values.

        """
        rows = zip(self.products, other.products, strict=True)
        return JointAggregate(
            self.units + other.units,
            _sum(self.totals, other.totals),
            tuple(_sum(one, another) for one, another in rows),
        )


def _sum(one: Sequence[Sum], other: Sequence[Sum]) -> tuple[Sum, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))
