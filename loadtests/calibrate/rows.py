"""Made-up visitors, summed as results sum them: sessions, orders and revenue, now and before."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.stats.joint import JointAggregate

Floats = NDArray[np.float64]

# Visitors that arms are drawn from, any number of times each: so all arms are alike.
_VISITORS = 400_000
# The values of a unit, in their order.
ORDERS, SESSIONS, REVENUE, ORDERS_BEFORE, SESSIONS_BEFORE, REVENUE_BEFORE = range(6)


def arms(rng: np.random.Generator, count: int, units: int) -> Iterator[JointAggregate]:
    """Draw arms of so many units each, all alike, with the six values of each unit.

    Visitors differ for good in how often they come and how readily they buy, so that before tells of now;
    what they spend is skewed, and most spend nothing.
    """
    keen, ready = rng.gamma(3.0, 1 / 3, _VISITORS), rng.beta(2.0, 8.0, _VISITORS)
    drawn = [np.ones(_VISITORS), *visits(rng, keen, ready), *visits(rng, keen, ready)]
    visitors = np.stack(drawn, axis=1)
    for _ in range(count):
        rows = visitors[rng.integers(_VISITORS, size=units)]
        sums = (rows.T @ rows).tolist()
        yield JointAggregate(units, tuple(sums[0][1:]), tuple(tuple(row[1:]) for row in sums[1:]))


def visits(rng: np.random.Generator, keen: Floats, ready: Floats) -> tuple[Floats, Floats, Floats]:
    """Draw each visitor's orders, sessions and revenue in one stretch of time."""
    sessions = 1 + rng.poisson(2 * keen)
    orders = rng.binomial(sessions, ready).astype(np.float64)
    return orders, sessions.astype(np.float64), orders * np.exp(rng.normal(3.0, 0.5, keen.shape))


def only(joint: JointAggregate, *values: int) -> JointAggregate:
    """Pick some values of an aggregate, in this order."""
    return JointAggregate(
        joint.units,
        tuple(joint.totals[i] for i in values),
        tuple(tuple(joint.products[i][j] for j in values) for i in values),
    )


def normal_arms(
    rng: np.random.Generator, count: int, units: int, means: Floats, covariance: Floats
) -> Iterator[JointAggregate]:
    """Draw the sums of arms whose units' values are jointly normal, exactly and without their rows.

    The means are normal, and the products about them Wishart-distributed, by Bartlett's decomposition.
    """
    width = len(means)
    root = np.linalg.cholesky(covariance)
    found = means + rng.normal(size=(count, width)) @ root.T / np.sqrt(units)
    lower = np.tril(rng.normal(size=(count, width, width)), -1)
    for i in range(width):
        lower[:, i, i] = np.sqrt(rng.chisquare(units - 1 - i, count))
    half = root @ lower
    products = half @ half.transpose(0, 2, 1) + units * found[:, :, None] * found[:, None, :]
    for mean, product in zip((found * units).tolist(), products.tolist(), strict=True):
        yield JointAggregate(units, tuple(mean), tuple(map(tuple, product)))
