"""Group-sequential tests: alpha spent by and by, over looks at any times."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from app.stats.crossing import Walk
from app.stats.distributions import normal_cdf, normal_quantile
from app.stats.estimate import Estimate

Spending = Literal["obrien_fleming", "pocock"]

# Looks closer together than this are one look: the integration between them would need too fine a grid.
LEAST_STEP = 1e-4
# So far apart, the logarithms of two p-values are the same to seven digits.
_DIGITS = 1e-7


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
    not be known. Each look spends what the spending function has let free since the one before.
    Source: Jennison and Turnbull, Group Sequential Methods (2000), chapters 7 and 19.

    Raises:
        ValueError: times do not rise, by 0.0001 at least, within (0, 1], or alpha is none.

    """
    spent = tuple(spent_at(time, alpha=alpha, spending=spending) for time in times)
    if any(later - earlier < LEAST_STEP for earlier, later in zip((0, *times), times, strict=False)):
        raise ValueError(f"times of looks must rise by at least {LEAST_STEP}: {list(times)}")
    walk, found = Walk(), []
    for time, before, after in zip(times, (0, *spent), spent, strict=False):
        z = walk.boundary_for(after - before, time)
        walk = walk.go_on(time, z)
        found.append(z)
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
    boundary. It takes some thirty times as long as the boundaries do: about a third of a second for 28 looks.
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
    """Close in on the least alpha whose boundary is at most z, by its logarithm."""
    if not _reaches(z, times, 1 - 1e-9, spending):
        return 1.0
    low, high = -300 * math.log(10), 0.0
    while high - low > _DIGITS:
        middle = (low + high) / 2
        if _reaches(z, times, math.exp(middle), spending):
            high = middle
        else:
            low = middle
    return math.exp(high)


def _reaches(z: float, times: Sequence[float], alpha: float, spending: Spending) -> bool:
    return z >= boundaries(times, alpha=alpha, spending=spending).z[-1]
