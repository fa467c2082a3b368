"""Aggregates made of plain sums."""

from collections.abc import Mapping, Sequence

from app.stats.aggregates import Aggregate
from app.stats.joint import JointAggregate


def arm(units: int, total: float, squares: float) -> Aggregate:
    return Aggregate(units, total, squares)


def converted(conversions: int, units: int) -> Aggregate:
    return Aggregate(units, conversions, conversions)


def pair(
    units: int, totals: tuple[float, float], squares: tuple[float, float], product: float
) -> JointAggregate:
    return JointAggregate(units, totals, ((squares[0], product), (product, squares[1])))


def quadruple(
    units: int, sums: Mapping[str, float], products: Mapping[str, float], names: Sequence[str]
) -> JointAggregate:
    """The sums of four named values; a product is named by both, in either order."""

    def product(one: str, other: str) -> float:
        return products[f"{one}*{other}"] if f"{one}*{other}" in products else products[f"{other}*{one}"]

    rows = tuple(tuple(product(one, other) for other in names) for one in names)
    return JointAggregate(units, tuple(sums[name] for name in names), rows)


def counted(*units: Sequence[float]) -> JointAggregate:
    """Units with their values, one after another."""
    joint = JointAggregate.nothing(len(units[0]))
    for values in units:
        joint = joint.add(values)
    return joint
