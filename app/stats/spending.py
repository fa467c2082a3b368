"""Group-sequential tests: alpha spent by and by, over looks at any times."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from app.kit.steps import Steps, finished
from app.stats.crossing import Walk
from app.stats.distributions import normal_cdf, normal_quantile
from app.stats.estimate import Estimate

Spending = Literal["obrien_fleming", "pocock"]

# Looks closer together than this are one look: the integration between them would need too fine a grid.
LEAST_STEP = 1e-4
# Between these lie the quantiles of the p-values that are told apart: below 10⁻¹⁵ they are all the same.
_LEAST_Z, _MOST_Z = 1e-9, 8.0
# Quantiles so close together are the same.
_CLOSE = 1e-9


class Boundaries(msgspec.Struct, frozen=True):
    """For each look, the |z| from which the test rejects (infinite: never), and the alpha spent up to it."""

    z: tuple[float, ...]
    spent: tuple[float, ...]


def spent_at(time: float, *, alpha: float, spending: Spending = "obrien_fleming") -> float:
    """Answer how much of a two-sided alpha is spent when this share of the information is there.

    `obrien_fleming`: `4(1 - Φ(z_{1-α/4}/√t))`; `pocock`: `α ln(1 + (e - 1)t)`.
    Source: Lan and DeMets, Discrete Sequential Boundaries for Clinical Trials (Biometrika 1983).

    Raises:
        ValueError: for an alpha or a time that is none.

    """
    if not 0 < alpha < 1 or not 0 < time <= 1:
        raise ValueError(f"alpha must be within 0 and 1 and a time in (0, 1], not {alpha} and {time}")
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1) * time)
    return 4 * normal_cdf(normal_quantile(alpha / 4) / math.sqrt(time))


def boundaries(
    times: Sequence[float], *, alpha: float = 0.05, spending: Spending = "obrien_fleming"
) -> Boundaries:
    """Find the boundaries of a two-sided symmetric test that looks at these shares of the information.

    Times rise from above 0 to at most 1; only the looks so far are needed, and how many there will be need
    not be known. Each look spends what the spending function has let free since the one before. Twenty-eight
    daily looks take milliseconds; looks a thousandth apart take a hundred times as long each.
    Source: Jennison and Turnbull, Group Sequential Methods (2000), chapters 7 and 19.

    Raises:
        ValueError: times do not rise, by 0.0001 at least, within (0, 1], or alpha is none.

    """
    return finished(bounding(times, alpha=alpha, spending=spending))


def bounding(
    times: Sequence[float], *, alpha: float = 0.05, spending: Spending = "obrien_fleming"
) -> Steps[Boundaries]:
    """Do what `boundaries` does, a look at a step.

    Source: as for `boundaries`.

    Raises:
        ValueError: as for `boundaries`.

    """
    spent = tuple(spent_at(time, alpha=alpha, spending=spending) for time in times)
    if any(later - earlier < LEAST_STEP for earlier, later in zip((0, *times), times, strict=False)):
        raise ValueError(f"times of looks must rise by at least {LEAST_STEP}: {list(times)}")
    walk, found = Walk(), []
    for time, before, after in zip(times, (0, *spent), spent, strict=False):
        z = walk.boundary_for(after - before, time)
        walk = walk.go_on(time, z)
        found.append(z)
        yield
    return Boundaries(tuple(found), spent)


def compare_repeatedly(
    estimate: Estimate,
    times: Sequence[float],
    *,
    alpha: float = 0.05,
    spending: Spending = "obrien_fleming",
) -> Estimate:
    """Turn the estimate at the latest of these looks into the repeated interval and the repeated p-value.

    The interval is `value ± z error` with the look's boundary; the p-value is the least alpha whose boundary
    the statistic reaches. Both hold at every look at once; the p-value is below alpha where |z| is beyond the
    boundary. It takes some ten times as long as the boundaries do.
    Source: Jennison and Turnbull, Group Sequential Methods (2000), chapter 9.

    Raises:
        ValueError: as for `boundaries`, or where there is no look.

    """
    if not times:
        raise ValueError("there must be a look")
    bound = boundaries(times, alpha=alpha, spending=spending).z[-1]
    if estimate.value is None or not estimate.error or estimate.statistic is None:
        return Estimate(value=estimate.value)
    reach = bound * estimate.error
    return msgspec.structs.replace(
        estimate,
        interval=(estimate.value - reach, estimate.value + reach),
        p_value=_repeated_p_value(abs(estimate.statistic), times, spending),
        degrees=None,
    )


def _repeated_p_value(z: float, times: Sequence[float], spending: Spending) -> float:
    """Find the least alpha whose boundary is at most z, by the false position of that alpha's quantile.

    The quantile lies between 0 and z, since no boundary is below the plain test's. An end that stays where it
    is twice counts half, so that both close in: the Illinois method.
    """
    low, high = _LEAST_Z, min(z, _MOST_Z)
    if not high > low or (under := _excess(low, z, times, spending)) > 0:
        return 1.0
    aim, over, above = high, _excess(high, z, times, spending), True
    found = max(0.0, over)
    while abs(found) > _CLOSE and high - low > _CLOSE:
        aim = low - under * (high - low) / (over - under) if over < math.inf else (low + high) / 2
        found = _excess(aim, z, times, spending)
        if found > 0:
            high, over, under, above = aim, found, under / 2 if above else under, True
        else:
            low, under, over, above = aim, found, over if above else over / 2, False
    return 2 * normal_cdf(-aim)


def _excess(quantile: float, z: float, times: Sequence[float], spending: Spending) -> float:
    """Answer how far the boundary at an alpha, given by its quantile, is above z."""
    return boundaries(times, alpha=2 * normal_cdf(-quantile), spending=spending).z[-1] - z
